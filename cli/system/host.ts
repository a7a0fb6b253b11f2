// SPDX-License-Identifier: Apache-2.0
//
// The process that a system runs under: it holds the serial line, keeps the logs and serves the socket until the machine is off.

import type { MachineOutcome, MachineProgram } from '../control/machineProcess.js';
import { socketPath, stateFolder } from './folders.js';
import { LogWriter } from './logs.js';
import { Session, type ContainerInfo } from './session.js';
import { SocketServer } from './socketServer.js';

/** Everything that it takes to start a system whose boot image is written. */
export interface HostJob {
    project: string;
    /** The Compose file. */
    path: string;
    /** The board, or "" for the model on the Linux host. */
    board: string;
    program: MachineProgram;
    containers: ContainerInfo[];
}

export class SystemHost {
    private constructor(readonly session: Session) {}

    /** Takes the project's place; nothing is started yet. Release it where nothing comes of it. */
    static claim(project: string): Promise<SocketServer> {
        return SocketServer.claim(socketPath(project), project);
    }

    /** Starts the machine behind a claimed socket. */
    static start({ project, path, board, program, containers }: HostJob, server: SocketServer): SystemHost {
        const logs = new LogWriter(stateFolder(project));
        const session = new Session(program, containers);
        session.listen({
            output: (container, stream, bytes) => logs.output(container, stream, bytes),
            exit: (container) => logs.end(container),
            ended: () => {
                logs.close();
                server.close();
            },
        });
        server.serve(session, { project, path, board, pid: process.pid, started: Date.now() });
        return new SystemHost(session);
    }

    /** Waits until the machine is off; the socket is gone then, and the logs are whole. */
    wait(): Promise<MachineOutcome> {
        return this.session.wait();
    }
}

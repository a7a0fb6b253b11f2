// SPDX-License-Identifier: Apache-2.0
//
// Shows what a slow script is doing: one line per step, with the time it took. On a terminal the line of the running
// step is rewritten in place; elsewhere each step is one plain line when it ends. What a step's commands print goes to
// build/log/<step>.log, and the end of it is shown when the step fails.

import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where everything that is built goes. */
export const buildFolder = join(root, 'build');

/** Lines of a failed step's log that are shown: enough for a compiler's first errors, few enough to read. */
const TAIL_LINES = 30;

/** How often a running step's line is rewritten on a terminal, in milliseconds. */
const REDRAW_INTERVAL = 200;

const terminal = process.stderr.isTTY === true && process.env.TERM !== 'dumb';

/** A step that failed, with its log: shown to people without a stack trace. */
export class StepError extends Error {}

/** Seconds or minutes, as a person reads them. */
export function elapsedText(milliseconds) {
    if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
    const seconds = Math.round(milliseconds / 1000);
    return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function paint(code, text) {
    return terminal ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** The steps that run, in the order in which they began: the line is the first one's. */
const running = [];

/** One line beside the steps. */
export function note(text) {
    process.stderr.write(`  ${text}\n`);
}

/** What a running step can do: run commands into its log, and say how far it is. */
class Step {
    constructor(title, logPath) {
        this.title = title;
        this.logPath = logPath;
        this.detail = '';
        this.started = performance.now();
        mkdirSync(dirname(logPath), { recursive: true });
        writeFileSync(logPath, '');
    }

    /** Writes a line to the step's log. */
    log(line) {
        appendFileSync(this.logPath, `${line}\n`);
    }

    /** Says in a few words what the step is at. */
    say(detail) {
        this.detail = detail;
        this.log(`# ${detail}`);
    }

    /** Runs a command in the project's folder with its output in the log; throws a StepError when it fails. */
    async run(command, commandArguments, options = {}) {
        this.log(`$ ${[command, ...commandArguments].join(' ')}`);
        const code = await new Promise((resolve, reject) => {
            const child = spawn(command, commandArguments, {
                cwd: root,
                stdio: ['ignore', 'pipe', 'pipe'],
                ...options,
                env: { ...process.env, ...options.env },
            });
            child.stdout.on('data', (data) => appendFileSync(this.logPath, data));
            child.stderr.on('data', (data) => appendFileSync(this.logPath, data));
            child.on('error', (error) => reject(new StepError(`${command}: ${error.message}`)));
            child.on('close', (status, signal) => resolve(signal ?? status));
        });
        if (code !== 0) throw new StepError(`${command} ended with ${code}`);
    }
}

/**
 * Runs `work(step)` as one step of the display. `name` names its log file. What `work` returns is returned; when it
 * throws, the end of the log is shown and a StepError is thrown.
 */
export async function runStep(name, title, work) {
    const step = new Step(title, join(buildFolder, 'log', `${name}.log`));
    running.push(step);
    const draw = () => {
        if (running[0] !== step) return;
        const detail = step.detail === '' ? '' : `: ${step.detail}`;
        const line = `  … ${title}${detail} (${elapsedText(performance.now() - step.started)})`;
        process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    };
    let timer;
    if (terminal) {
        draw();
        timer = setInterval(draw, REDRAW_INTERVAL);
    }
    const finish = (mark) => {
        clearInterval(timer);
        running.splice(running.indexOf(step), 1);
        const line = `  ${mark} ${title} ${paint(2, `(${elapsedText(performance.now() - step.started)})`)}\n`;
        process.stderr.write(terminal ? `\r\u001b[K${line}` : line);
    };
    try {
        const result = await work(step);
        finish(paint(32, '✔'));
        return result;
    } catch (error) {
        finish(paint(31, '✘'));
        const lines = readFileSync(step.logPath, 'utf8').trimEnd().split('\n');
        const tail = lines.slice(-TAIL_LINES).map((line) => `    ${line}`);
        const cause = error instanceof StepError ? error.message : (error.stack ?? String(error));
        throw new StepError(
            `${title}: ${cause}; the whole log is in ${relative(root, step.logPath)}\n${tail.join('\n')}`,
        );
    }
}

/** Runs a script's main function: a StepError ends it with its message, anything else with a stack trace. */
export async function runMain(main) {
    try {
        process.exitCode = (await main()) ?? 0;
    } catch (error) {
        process.stderr.write(`${error instanceof StepError ? error.message : error.stack}\n`);
        process.exitCode = 1;
    }
}

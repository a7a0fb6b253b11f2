// SPDX-License-Identifier: Apache-2.0
//
// Requests through the proxies that the environment names: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case, with the meaning
// that they have for container tools written in Go. Connections go through a tunnel (CONNECT), so that a proxy sees no credentials.

import { request as startHttp, type IncomingMessage } from 'node:http';
import { request as startHttps } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { Failure } from '../failure.js';

/** Whether the host, as a URL has it, is this machine. */
export function isLoopback(host: string): boolean {
    return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host);
}

function variable(environment: NodeJS.ProcessEnv, name: string): string {
    return environment[name.toLowerCase()] || environment[name] || '';
}

/** Whether an entry of NO_PROXY stands for the host: a name with the names below it, an address, a network, each with a port or not. */
function excludes(entry: string, host: string, port: string): boolean {
    if (entry === '*') return true;
    const [network, bits] = entry.split('/') as [string, string?];
    if (bits !== undefined) {
        const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
        if (isIP(network) === 0 || isIP(host) === 0 || !/^\d{1,3}$/.test(bits)) return false;
        if (Number(bits) > (family === 'ipv6' ? 128 : 32)) return false;
        const list = new BlockList();
        list.addSubnet(network, Number(bits), family);
        return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
    }
    const parts = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry)!;
    if (parts[2] !== undefined && parts[2] !== port) return false;
    const name = parts[1]!.replace(/^\*?\./, '');
    return name !== '' && (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
}

/** The proxy for a URL, or null. This machine has none. */
export function proxyFor(url: URL, environment: NodeJS.ProcessEnv): URL | null {
    const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
    const text = variable(environment, name);
    if (text === '' || isLoopback(url.host)) return null;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    const exceptions = variable(environment, 'NO_PROXY')
        .toLowerCase()
        .split(/[\s,]+/);
    if (exceptions.some((entry) => entry !== '' && excludes(entry, host, port))) return null;
    const address = /^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`;
    const proxy = URL.canParse(address) ? new URL(address) : null;
    // The text may have a password: it is not shown.
    if (proxy === null || !/^https?:$/.test(proxy.protocol))
        throw new Failure(
            `${name}: names no HTTP proxy; write http://HOST:PORT, or put ${host} into NO_PROXY`,
        );
    return proxy;
}

/** A connection to the URL's host that the proxy makes. */
function openTunnel(proxy: URL, url: URL, signal: AbortSignal): Promise<Socket> {
    const target = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
    const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    const headers: Record<string, string> = { host: target };
    if (login !== ':') headers['proxy-authorization'] = `Basic ${Buffer.from(login).toString('base64')}`;
    const start = proxy.protocol === 'https:' ? startHttps : startHttp;
    return new Promise((resolve, reject) => {
        const request = start(proxy, {
            method: 'CONNECT',
            path: target,
            headers,
            auth: null,
            agent: false,
            signal,
        });
        request.on('error', reject);
        const refuse = ({ statusCode = 0 }: IncomingMessage, socket: Socket): void => {
            socket.destroy();
            reject(new Error(`the proxy answers ${statusCode}`));
        };
        request.on('connect', (answer, socket) => {
            if (answer.statusCode === 200) resolve(socket);
            else refuse(answer, socket);
        });
        request.on('response', (answer) => refuse(answer, answer.socket));
        request.end();
    });
}

/** The answer as fetch() gives it. Its body ends with an error where the connection broke. */
function responseOf(answer: IncomingMessage): Response {
    const headers = new Headers();
    for (const [name, values] of Object.entries(answer.headersDistinct))
        for (const value of values ?? []) headers.append(name, value);
    const status = answer.statusCode ?? 0;
    const body = [204, 205, 304].includes(status)
        ? null
        : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
    if (body === null) answer.resume();
    return new Response(body, { status, headers });
}

export interface ProxiedRequest {
    method?: string;
    headers?: Record<string, string>;
    body?: URLSearchParams;
    signal: AbortSignal;
    /** Whether redirects are followed where no proxy is in between; otherwise they are the answer. */
    follows?: boolean;
}

/** fetch(), through the proxy that the environment names for the URL. */
export async function fetchThroughProxy(
    url: URL,
    { method = 'GET', headers = {}, body, signal, follows = false }: ProxiedRequest,
    environment: NodeJS.ProcessEnv,
): Promise<Response> {
    const proxy = proxyFor(url, environment);
    if (proxy === null)
        return fetch(url, {
            method,
            headers,
            redirect: follows ? 'follow' : 'manual',
            signal,
            ...(body === undefined ? {} : { body }),
        });
    const socket = await openTunnel(proxy, url, signal);
    const isSecure = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const connection = isSecure
        ? connectTls({ socket, host, ...(isIP(host) === 0 ? { servername: host } : {}) })
        : socket;
    const form: Record<string, string> =
        body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    return new Promise((resolve, reject) => {
        const start = isSecure ? startHttps : startHttp;
        const options = {
            method,
            headers: { ...form, ...headers },
            signal,
            createConnection: () => connection,
        };
        const request = start(url, options);
        request.on('response', (answer) => resolve(responseOf(answer)));
        request.on('error', reject);
        request.end(body?.toString());
    });
}

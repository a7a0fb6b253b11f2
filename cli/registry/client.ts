// SPDX-License-Identifier: Apache-2.0
//
// One repository of a registry, as the distribution specification (1.1) has it: manifests and blobs, with authentication
// (token and basic), redirects, and repetition of what fails for a moment.

import { Failure, messageOf } from '../failure.js';
import { parseChallenges, type Challenge } from './challenge.js';
import { findCredentials, type Credentials } from './credentials.js';
import type { RegistryName } from './imageName.js';
import { fetchThroughProxy, isLoopback, proxyFor } from './proxy.js';

/** Manifests and indexes that are asked for, and may be answered. */
const manifestTypes = [
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
    'application/vnd.docker.distribution.manifest.v2+json',
];

/** Bytes of a manifest: the specification's limit. */
const MANIFEST_MAXIMUM = 4 << 20;
/** Bytes of a token server's answer. */
const TOKEN_MAXIMUM = 1 << 20;
const REDIRECTS_MAXIMUM = 5;
/** Times that a request is made which a busy or unreachable server does not answer, and the wait before the second. */
const TRIES = 4;
const FIRST_WAIT_MILLISECONDS = 300;
/** The longest wait that a server may ask for (Retry-After). */
const WAIT_MAXIMUM_MILLISECONDS = 30_000;
/** Without an answer for so long a connection is given up. */
const ANSWER_TIMEOUT_MILLISECONDS = 30_000;

/** A request that may succeed when it is made again: the connection broke, or the server is busy. */
export class TransientFailure extends Failure {
    constructor(
        message: string,
        readonly waitMilliseconds = 0,
    ) {
        super(message);
    }
}

export interface ManifestAnswer {
    bytes: Buffer;
    /** The answer's content type without parameters. */
    mediaType: string;
}

/** What is at the bottom of an error of fetch(): the socket's, or the proxy's. */
function rootCause(error: unknown): unknown {
    let cause = error;
    while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
    return cause;
}

const wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Does `work`, again where it fails for a moment only. */
export async function withRetries<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
        try {
            return await work();
        } catch (error) {
            if (!(error instanceof TransientFailure) || attempt >= TRIES) throw error;
            await wait(error.waitMilliseconds || FIRST_WAIT_MILLISECONDS * 2 ** (attempt - 1));
        }
    }
}

export class RegistryClient {
    private readonly base: string;
    private authorization: string | null = null;
    private credentials: Credentials | null | undefined;

    constructor(
        private readonly name: RegistryName,
        plainHttp: boolean,
        private readonly environment: NodeJS.ProcessEnv = process.env,
    ) {
        const scheme = plainHttp || isLoopback(name.host) ? 'http' : 'https';
        this.base = `${scheme}://${name.host}/v2/${name.repository}`;
    }

    /** The manifest or index under a tag or digest. */
    manifest(reference: string): Promise<ManifestAnswer> {
        return withRetries(async () => {
            const response = await this.request(`${this.base}/manifests/${reference}`, {
                accept: manifestTypes.join(', '),
            });
            if (response.status !== 200) await this.refuse(response, `manifest ${reference}`);
            const mediaType = (response.headers.get('content-type') ?? '').split(';')[0]!.trim();
            return { bytes: await this.bodyOf(response, MANIFEST_MAXIMUM), mediaType };
        });
    }

    /**
     * The bytes of a blob from `offset` on, as they arrive. The answer's offset is where they begin: 0 where the server does
     * not know ranges.
     */
    async blob(
        digest: string,
        offset: number,
        signal: AbortSignal,
    ): Promise<{ offset: number; body: AsyncIterable<Uint8Array> }> {
        const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
        const response = await this.request(`${this.base}/blobs/${digest}`, headers, signal);
        if (response.status === 416 && offset > 0) {
            // What is there already is all, or more than all: begin again.
            await response.body?.cancel();
            return this.blob(digest, 0, signal);
        }
        if (response.status !== 200 && response.status !== 206) await this.refuse(response, `blob ${digest}`);
        const isPart =
            response.status === 206 &&
            (response.headers.get('content-range') ?? '').startsWith(`bytes ${offset}-`);
        if (response.status === 206 && !isPart) {
            await response.body?.cancel();
            throw new Failure(
                `${this.thing()}: blob ${digest}: the answer is another part than was asked for; report it to whoever runs the registry`,
            );
        }
        if (response.body === null)
            throw new TransientFailure(`${this.thing()}: blob ${digest}: an empty answer`);
        return { offset: isPart ? offset : 0, body: response.body as unknown as AsyncIterable<Uint8Array> };
    }

    private thing(): string {
        return `registry ${this.name.host}`;
    }

    /** A GET that follows redirects and, once, answers the challenge. */
    private async request(
        url: string,
        headers: Record<string, string>,
        signal?: AbortSignal,
    ): Promise<Response> {
        const response = await this.follow(url, headers, signal);
        if (response.status !== 401) return response;
        const challenges = parseChallenges(response.headers.get('www-authenticate') ?? '');
        await response.body?.cancel();
        await this.answerChallenge(challenges);
        return this.follow(url, headers, signal);
    }

    private async follow(
        url: string,
        headers: Record<string, string>,
        signal?: AbortSignal,
    ): Promise<Response> {
        const origin = new URL(url).origin;
        let target = url;
        for (let redirects = 0; redirects <= REDIRECTS_MAXIMUM; redirects++) {
            // Whoever a registry sends us to (object stores) must not see what we are to the registry.
            const own = new URL(target).origin === origin;
            const sent = { ...headers };
            if (own && this.authorization !== null) sent.authorization = this.authorization;
            const response = await this.get(target, sent, signal);
            if (![301, 302, 303, 307, 308].includes(response.status)) return response;
            await response.body?.cancel();
            const location = response.headers.get('location');
            if (location === null) break;
            const next = new URL(location, target);
            const isWorse = new URL(target).protocol === 'https:' && next.protocol !== 'https:';
            if (isWorse || !/^https?:$/.test(next.protocol))
                throw new Failure(
                    `${this.thing()}: redirects from HTTPS to ${next.protocol}//${next.host}; refused`,
                );
            target = next.href;
        }
        throw new Failure(
            `${this.thing()}: redirects more than ${REDIRECTS_MAXIMUM} times, or to nowhere; report it to whoever runs the registry`,
        );
    }

    /** One GET; what a busy server or a broken connection does is a TransientFailure. */
    private async get(url: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
        const timer = new AbortController();
        const timeout = setTimeout(() => timer.abort(), ANSWER_TIMEOUT_MILLISECONDS);
        const signals = signal === undefined ? [timer.signal] : [timer.signal, signal];
        let response: Response;
        try {
            const sent = {
                headers: { 'user-agent': 'sealift', ...headers },
                signal: AbortSignal.any(signals),
            };
            response = await fetchThroughProxy(new URL(url), sent, this.environment);
        } catch (error) {
            if (error instanceof Failure) throw error;
            const cause = rootCause(error);
            const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
            const why = timer.signal.aborted ? 'no answer within 30 s' : code || messageOf(cause);
            const proxy = proxyFor(new URL(url), this.environment);
            const way = proxy === null ? '' : ` through the proxy ${proxy.host}`;
            const text = `${this.thing()}: cannot be reached${way} (${why}); check its name, the network and whether it speaks TLS (--plain-http)`;
            throw /^(ENOTFOUND|EPROTO|ERR_)/.test(code) ? new Failure(text) : new TransientFailure(text);
        } finally {
            clearTimeout(timeout);
        }
        if (response.status === 429 || response.status >= 500) {
            await response.body?.cancel();
            const seconds = Number(response.headers.get('retry-after') ?? 0);
            throw new TransientFailure(
                `${this.thing()}: ${response.status === 429 ? 'allows no more requests for now (429)' : `fails (${response.status})`}; try again later`,
                seconds > 0 ? Math.min(seconds * 1000, WAIT_MAXIMUM_MILLISECONDS) : 0,
            );
        }
        return response;
    }

    /** Throws what an answer that is no success means. */
    private async refuse(response: Response, what: string): Promise<never> {
        const text = (await this.bodyOf(response, TOKEN_MAXIMUM).catch(() => Buffer.alloc(0))).toString(
            'utf8',
        );
        let reason = '';
        try {
            const answer = JSON.parse(text) as { errors?: { message?: string }[] };
            reason = String(answer.errors?.[0]?.message ?? '').slice(0, 200);
        } catch {
            // The answer has no reason that could be shown.
        }
        const because = reason === '' ? '' : `: ${reason}`;
        const { repository, host } = this.name;
        if (response.status === 401 || response.status === 403)
            throw new Failure(
                `${this.thing()}: refuses access to ${repository} (${response.status}${because}); log in with \`docker login ${host}\` or \`podman login ${host}\``,
            );
        if (response.status === 404)
            throw new Failure(
                `${this.thing()}: has no ${what} in ${repository} (404${because}); check name and tag`,
            );
        throw new Failure(
            `${this.thing()}: answers ${response.status} for ${what} of ${repository}${because}; report it to whoever runs the registry`,
        );
    }

    /** The whole body, of at most `limit` bytes. */
    private async bodyOf(response: Response, limit: number): Promise<Buffer> {
        const parts: Buffer[] = [];
        let size = 0;
        try {
            for await (const part of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
                size += part.length;
                if (size > limit)
                    throw new Failure(`${this.thing()}: an answer of more than ${limit} bytes; refused`);
                parts.push(Buffer.from(part));
            }
        } catch (error) {
            if (error instanceof Failure) throw error;
            throw new TransientFailure(
                `${this.thing()}: the connection broke (${messageOf(error)}); try again`,
            );
        }
        return Buffer.concat(parts);
    }

    private get login(): Credentials | null {
        // Asked once: a helper may ask the person.
        if (this.credentials === undefined)
            this.credentials = findCredentials(this.name.host, this.environment);
        return this.credentials;
    }

    private async answerChallenge(challenges: readonly Challenge[]): Promise<void> {
        const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
        const login = this.login;
        if (bearer !== undefined) {
            this.authorization = `Bearer ${await this.token(bearer, login)}`;
        } else if (challenges.some(({ scheme }) => scheme === 'basic') && login !== null) {
            this.authorization = basic(login);
        } else {
            this.authorization = null;
        }
    }

    /** A token for pulling from the repository: with a GET and basic authentication, or for an identity token by OAuth2. */
    private async token(challenge: Challenge, login: Credentials | null): Promise<string> {
        const realm = challenge.parameters.get('realm') ?? '';
        let url: URL;
        try {
            url = new URL(realm);
        } catch {
            throw new Failure(
                `${this.thing()}: its challenge names no token server; report it to whoever runs it`,
            );
        }
        const fields = new URLSearchParams();
        const service = challenge.parameters.get('service');
        if (service !== undefined) fields.set('service', service);
        fields.set('scope', challenge.parameters.get('scope') ?? `repository:${this.name.repository}:pull`);
        let response: Response;
        const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MILLISECONDS);
        try {
            if (login !== null && login.identityToken !== '') {
                fields.set('grant_type', 'refresh_token');
                fields.set('client_id', 'sealift');
                fields.set('refresh_token', login.identityToken);
                const init = { method: 'POST', body: fields, signal, follows: true };
                response = await fetchThroughProxy(url, init, this.environment);
            } else {
                for (const [key, value] of fields) url.searchParams.set(key, value);
                const headers: Record<string, string> = login === null ? {} : { authorization: basic(login) };
                response = await fetchThroughProxy(url, { headers, signal, follows: true }, this.environment);
            }
        } catch (error) {
            if (error instanceof Failure) throw error;
            const cause = rootCause(error);
            throw new TransientFailure(
                `${this.thing()}: its token server ${url.host} cannot be reached (${messageOf(cause)}); try again later`,
            );
        }
        if (response.status === 429 || response.status >= 500) {
            await response.body?.cancel();
            throw new TransientFailure(
                `${this.thing()}: its token server fails (${response.status}); try again later`,
            );
        }
        const text = (await this.bodyOf(response, TOKEN_MAXIMUM)).toString('utf8');
        if (response.status !== 200)
            throw new Failure(
                `${this.thing()}: its token server refuses (${response.status}); log in with \`docker login ${this.name.host}\` or \`podman login ${this.name.host}\``,
            );
        let answer: { token?: unknown; access_token?: unknown };
        try {
            answer = JSON.parse(text) as typeof answer;
        } catch {
            answer = {};
        }
        const token = answer.token ?? answer.access_token;
        // A token goes into a header: nothing else may come along.
        if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
            throw new Failure(
                `${this.thing()}: its token server gives no token; report it to whoever runs it`,
            );
        return token;
    }
}

function basic({ username, password }: Credentials): string {
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

// SPDX-License-Identifier: Apache-2.0
//
// Keys of the Compose Specification that are refused, each with cause and remedy. What is not listed is refused as well, with less to say.

type Refusals = Readonly<Record<string, readonly [cause: string, remedy: string]>>;

const network: readonly [string, string] = [
    'is not supported: a container has its own loopback interface and no other network',
    'remove it',
];
const authority: readonly [string, string] = [
    "is not supported: a container's authority is its seL4 capabilities, which are the same for every container",
    'remove it',
];
const scheduling: readonly [string, string] = [
    'is not supported: CPU time is limited by a budget',
    'write cpus',
];
const blockDevice: readonly [string, string] = [
    'is not supported: there are no block devices to limit',
    'remove it',
];
const devices: readonly [string, string] = [
    'is not supported: containers are granted no devices',
    'remove it',
];
const memory: readonly [string, string] = [
    'is not supported: memory is a fixed quota without swap, reserved as a whole',
    'write mem_limit',
];
const namespaces: readonly [string, string] = [
    'is not supported: every container has processes, IPC and names of its own, whose number its memory limits',
    'remove it',
];

/** Of a service. */
export const serviceRefusals: Refusals = {
    build: ['images are not built', 'build it with another tool and name it: image: oci:DIRECTORY'],
    extends: ['services are not merged', "write the other service's keys here"],
    develop: ['is not supported: nothing is rebuilt', 'remove it'],
    provider: ['is not supported', 'write image'],
    models: ['is not supported', 'remove it'],
    ports: network,
    expose: network,
    links: network,
    external_links: network,
    dns: network,
    dns_opt: network,
    dns_search: network,
    extra_hosts: network,
    mac_address: network,
    domainname: ['is not supported', 'write hostname with the whole name'],
    privileged: authority,
    cap_add: authority,
    cap_drop: authority,
    security_opt: authority,
    group_add: ['is not supported', "put the user into the image's /etc/group"],
    credential_spec: authority,
    userns_mode: authority,
    use_api_socket: authority,
    devices,
    device_cgroup_rules: devices,
    gpus: devices,
    blkio_config: blockDevice,
    cpu_count: scheduling,
    cpu_percent: scheduling,
    cpu_shares: scheduling,
    cpu_period: scheduling,
    cpu_quota: scheduling,
    cpu_rt_period: scheduling,
    cpu_rt_runtime: scheduling,
    cpuset: scheduling,
    mem_reservation: memory,
    mem_swappiness: memory,
    memswap_limit: memory,
    oom_kill_disable: ['is not supported: what does not fit is refused to the program (ENOMEM)', 'remove it'],
    oom_score_adj: ['is not supported: what does not fit is refused to the program (ENOMEM)', 'remove it'],
    cgroup: namespaces,
    cgroup_parent: namespaces,
    ipc: namespaces,
    pid: namespaces,
    uts: namespaces,
    pids_limit: namespaces,
    isolation: namespaces,
    runtime: namespaces,
    shm_size: ['is not supported: /dev/shm is as large as the container', 'write mem_limit'],
    sysctls: ['is not supported', 'remove it'],
    ulimits: ['is not supported', 'have the program set it (ulimit)'],
    storage_opt: ['is not supported', 'remove it'],
    logging: ['is not supported: logs are kept by the command line (`sealift logs`)', 'remove it'],
    volumes_from: ['is not supported: containers share no files', 'mount the same files in both'],
    post_start: ['is not supported', 'do it in the command, or with `sealift exec`'],
    pre_stop: ['is not supported', 'do it where the program gets its stop signal'],
    label_file: ['is not supported', 'write labels'],
};

/** Of the whole file. */
export const fileRefusals: Refusals = {
    volumes: [
        'named volumes are not supported: nothing of a container outlives it',
        'remove it, and mount a file or folder of the host, which is copied in, or a tmpfs',
    ],
    include: ['files are not merged', 'write everything in one file'],
    models: ['is not supported', 'remove it'],
};

/** Of `deploy`. */
export const deployRefusals: Refusals = {
    placement: ['is not supported: there is one machine', 'remove it'],
    endpoint_mode: network,
    rollback_config: ['is not supported: nothing is updated while it runs', 'remove it'],
    update_config: ['is not supported: nothing is updated while it runs', 'remove it'],
};

/** Of `deploy.resources` and what is below. */
export const resourceRefusals: Refusals = {
    reservations: memory,
    pids: namespaces,
    devices,
};

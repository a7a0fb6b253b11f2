// SPDX-License-Identifier: Apache-2.0
//
// A container as the host sees it in responses to `ps` and `inspect`.

import { DependencyCondition, RestartPolicy } from "../oci/containerOptions";
import { JsonText } from "../oci/jsonText";
import { mergeProcess } from "../oci/process";
import { STATISTIC_PROCESSES_NOW } from "../std/statistics";
import { Container, stateName } from "./container";
import { epochMilliseconds, shortened } from "./events";
import { healthName } from "./healthState";
import { LayerStore } from "./layerStore";
import { stopSignalOf } from "./signalNames";

/** The members of `ps`. */
export function writeSummary(text: JsonText, container: Container): JsonText {
    const instance = container.instance;
    text.name("number").unsigned(container.number);
    text.name("name").string(container.options.name);
    text.name("image").string(container.image.name);
    text.name("state").string(stateName(container.state));
    text.name("health").string(healthName(container.health));
    text.name("exitCode").integer(container.exitCode);
    text.name("signal").integer(container.signal);
    text.name("message").string(shortened(container.message));
    text.name("restarts").unsigned(container.restarts);
    text.name("started").unsigned(epochMilliseconds(container.started));
    text.name("finished").unsigned(epochMilliseconds(container.finished));
    return text
        .name("processes")
        .unsigned(instance === null ? 0 : instance.statistics[STATISTIC_PROCESSES_NOW]);
}

/** The members of `inspect`. */
export function writeDetails(text: JsonText, container: Container, store: LayerStore): void {
    const options = container.options;
    writeSummary(text, container);
    text.name("service").string(options.service);
    const merged = mergeProcess(container.image.image.configuration, options.process);
    if (merged.failure === null) {
        const process = merged.value!;
        text.name("args").strings(process.arguments);
        text.name("environment").strings(process.environment);
        text.name("workingDirectory").string(process.workingDirectory);
        text.name("user").string(process.user);
    }
    text.name("hostname").string(options.process.hostname);
    text.name("memory").unsigned(options.memory);
    text.name("nanoCpus").unsigned(options.nanoCpus);
    text.name("readOnly").boolean(options.readOnly);
    text.name("stopSignal").unsigned(stopSignalOf(container));
    text.name("stopGracePeriod").unsigned(options.stopGracePeriod);
    text.name("restart").string(restartName(options.restart));
    text.name("restartMaximum").unsigned(options.restartMaximum);
    text.name("dependsOn").beginArray();
    for (let i = 0; i < options.dependsOn.length; i++) {
        text.beginObject().name("container").string(options.dependsOn[i].container);
        text.name("condition").string(conditionName(options.dependsOn[i].condition)).endObject();
    }
    text.endArray();
    text.name("layers").beginArray();
    for (let i = 0; i < container.layers.length; i++) text.string(store.layers[container.layers[i]].diffId);
    text.endArray();
    const health = container.health;
    if (health === null) return;
    text.name("healthCheck").beginObject();
    text.name("test").strings(health.options.command);
    text.name("failingStreak").unsigned(health.failingStreak);
    text.name("exitCode").integer(health.exitCode).endObject();
}

function restartName(policy: RestartPolicy): string {
    switch (policy) {
        case RestartPolicy.OnFailure:
            return "on-failure";
        case RestartPolicy.Always:
            return "always";
        case RestartPolicy.UnlessStopped:
            return "unless-stopped";
        default:
            return "no";
    }
}

function conditionName(condition: DependencyCondition): string {
    switch (condition) {
        case DependencyCondition.Healthy:
            return "service_healthy";
        case DependencyCondition.Completed:
            return "service_completed_successfully";
        default:
            return "service_started";
    }
}

export async function runMachineTests() {}

// SPDX-License-Identifier: MIT
// Read a profile with npm's pprof-format and print it. Usage: node read-pprof.mjs FILE
//   total <tab> TYPE/UNIT <tab> SUM
//   sample <tab> VALUES, by , <tab> FRAMES, innermost first: < to the caller, ~ to what it is inlined in
//   mapping <tab> PATH <tab> BUILD-ID
import fs from 'fs';
import zlib from 'zlib';
import { Profile } from 'pprof-format';

const profile = Profile.decode(zlib.gunzipSync(fs.readFileSync(process.argv[2])));
const string = (index) => profile.stringTable.strings[Number(index)];
const locations = new Map(profile.location.map((location) => [String(location.id), location]));
const functions = new Map(profile.function.map((f) => [String(f.id), f]));
const name = (line) => string(functions.get(String(line.functionId)).name);

profile.sampleType.forEach((type, i) => {
	const sum = profile.sample.reduce((a, sample) => a + BigInt(sample.value[i]), 0n);
	console.log(['total', `${string(type.type)}/${string(type.unit)}`, sum].join('\t'));
});
console.log(['default', string(profile.defaultSampleType)].join('\t'));
for (const sample of profile.sample) {
	const stack = sample.locationId.map(
		(id) => locations.get(String(id)).line.map(name).join('~')).join('<');
	console.log(['sample', sample.value.map(String).join(','), stack].join('\t'));
}
for (const mapping of profile.mapping)
	console.log(['mapping', string(mapping.filename), string(mapping.buildId)].join('\t'));

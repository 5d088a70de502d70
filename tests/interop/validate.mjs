// SPDX-License-Identifier: MIT
// Is FILE valid by speedscope's own schema? Usage: node validate.mjs FILE
import fs from 'fs';
import Ajv from 'ajv';

const read = (name) => JSON.parse(fs.readFileSync(name, 'utf8'));
const schema = read('node_modules/speedscope/dist/release/file-format-schema.json');
const validate = new Ajv({ strict: false }).compile(schema);
if (!validate(read(process.argv[2]))) {
	console.error(JSON.stringify(validate.errors.slice(0, 3)));
	process.exit(1);
}

// SPDX-License-Identifier: MIT
// speedscope's own program, as shipped, without a browser: load a profile, press its Export button,
// and print what it understood. Usage: node load-speedscope.mjs FILE
//   profile <tab> NAME <tab> UNIT <tab> SUM OF WEIGHTS
//   stack <tab> NAME <tab> WEIGHT <tab> FRAMES, outermost first, with ; between; heaviest first
// Exit status 1: speedscope refused the file.
import fs from 'fs';
import path from 'path';
import { JSDOM, VirtualConsole } from 'jsdom';

const release = path.join('node_modules', 'speedscope', 'dist', 'release');
const bundle = fs.readdirSync(release).find((name) => /^speedscope-.*\.js$/.test(name));
const file = process.argv[2];

const messages = [];
const virtualConsole = new VirtualConsole();
for (const kind of ['log', 'warn', 'error', 'info'])
	virtualConsole.on(kind, (...words) => messages.push(words.map(String).join(' ')));
virtualConsole.on('jsdomError', (error) => messages.push(error.message));

const dom = new JSDOM('<!DOCTYPE html><html><head></head><body></body></html>', {
	runScripts: 'outside-only',
	url: 'http://127.0.0.1/index.html#localProfilePath=/x.js',
	pretendToBeVisual: true,
	virtualConsole,
});
const window = dom.window;

// What jsdom does not have: a canvas with WebGL (any answer will do), sizes, scrolling.
const isConstant = (name) => typeof name === 'string' && /^[A-Z0-9_]+$/.test(name);
const canvas = new Proxy(function () {}, {
	get(target, name) {
		if (name === 'drawingBufferWidth' || name === 'drawingBufferHeight')
			return 100;
		if (isConstant(name))
			return 1;
		if (name === 'getParameter')
			return () => 4096;
		if (name === 'getShaderInfoLog' || name === 'getProgramInfoLog')
			return () => '';
		if (name === 'measureText')
			return () => ({ width: 10 });
		if (name === 'getContextAttributes')
			return () => ({});
		return name === Symbol.toPrimitive ? () => 1 : () => 1;
	},
	set: () => true,
});
window.HTMLCanvasElement.prototype.getContext = () => canvas;
window.Element.prototype.scrollIntoView = () => {};
window.matchMedia = () => ({
	matches: false,
	addListener() {},
	removeListener() {},
	addEventListener() {},
	removeEventListener() {},
});
window.TextDecoder = TextDecoder;
window.TextEncoder = TextEncoder;
window.fetch = () => new Promise(() => {});

// The Export button makes a Blob of what was imported, and a link to it.
let exported;
window.Blob = class {
	constructor(parts) {
		exported = parts.join('');
	}
};
window.URL.createObjectURL = () => 'blob:x';
window.URL.revokeObjectURL = () => {};
window.HTMLAnchorElement.prototype.click = () => {};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function button(text) {
	return [...window.document.querySelectorAll('div')].filter(
		(div) => div.textContent.includes(text)).pop();
}

async function load() {
	window.eval(fs.readFileSync(path.join(release, bundle), 'utf8'));
	window.speedscope.loadFileFromBase64(path.basename(file),
		fs.readFileSync(file).toString('base64'));
	for (let i = 0; i < 150 && !window.document.title.includes('speedscope'); i++)
		await sleep(100);
	const found = button('Export');
	if (!window.document.title.includes('speedscope') || !found)
		return false;
	found.dispatchEvent(new window.MouseEvent('click', { bubbles: true }));
	for (let i = 0; i < 50 && !exported; i++)
		await sleep(100);
	return Boolean(exported);
}

// speedscope may give a profile back as events: open and close of frames at values.
function stacksOfEvents(profile) {
	const weights = new Map();
	const open = [];
	let last = profile.startValue;
	for (const event of profile.events) {
		const key = open.join(',');
		if (event.at > last)
			weights.set(key, (weights.get(key) ?? 0) + event.at - last);
		last = event.at;
		if (event.type === 'O')
			open.push(event.frame);
		else
			open.pop();
	}
	return weights;
}

function stacksOfSamples(profile) {
	const weights = new Map();
	profile.samples.forEach((stack, i) => {
		const key = stack.join(',');
		weights.set(key, (weights.get(key) ?? 0) + profile.weights[i]);
	});
	return weights;
}

if (!await load()) {
	console.error(messages.join('\n').slice(0, 2000));
	process.exit(1);
}
const document = JSON.parse(exported);
for (const profile of document.profiles) {
	const stacks = profile.type === 'evented' ? stacksOfEvents(profile) : stacksOfSamples(profile);
	const sum = [...stacks.values()].reduce((a, b) => a + b, 0);
	console.log(['profile', profile.name, profile.unit, sum].join('\t'));
	for (const [key, weight] of [...stacks].sort((a, b) => b[1] - a[1])) {
		const names = key.split(',').filter(Boolean).map(
			(frame) => document.shared.frames[frame].name);
		console.log(['stack', profile.name, weight, names.join(';')].join('\t'));
	}
}
process.exit(0);

// SPDX-License-Identifier: MIT
// valgrind's DHAT viewer without a browser: load FILE and print the text of its tree.
// Usage: node load-dhat.mjs FILE. Exit status 1: the viewer refused it.
import fs from 'fs';
import { JSDOM } from 'jsdom';

const viewer = process.env.DH_VIEW ?? '/usr/libexec/valgrind/dh_view.js';
const dom = new JSDOM('<!DOCTYPE html><html><body></body></html>', {
	runScripts: 'outside-only',
	url: 'file:///x/dh_view.html',
});
dom.window.data = fs.readFileSync(process.argv[2], 'utf8');
dom.window.eval(`${fs.readFileSync(viewer, 'utf8')}
	onLoad();
	try {
		gData = JSON.parse(window.data);
		gFilename = 'x';
		buildTree();
		gSelect.selectedIndex = 0; // by total bytes
		displayTree(1, 1, 1);
	} catch (error) {
		window.failure = String(error);
	}`);
if (dom.window.failure) {
	console.error(dom.window.failure);
	process.exit(1);
}
// Names are text: nothing in them may have become an element.
const added = dom.window.document.querySelectorAll('script, img, b').length;
console.log(`elements from names: ${added}`);
console.log(dom.window.document.body.textContent);

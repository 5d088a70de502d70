// SPDX-License-Identifier: MIT
// Statements that keep memory, each in a line of its own, under a global allocator that forwards to the system's and
// keeps an account of what each line holds: printed as "LINE SIZE COUNT".
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

const TABLE: usize = 1 << 17;
#[derive(Clone, Copy)]
struct Block { address: usize, size: usize, line: usize }
struct Counting;
static mut BLOCKS: [Block; TABLE] = [Block { address: 0, size: 0, line: 0 }; TABLE];
static mut LINE: usize = 0;

unsafe fn find(address: usize) -> &'static mut Block {
    let mut i = (address >> 4) % TABLE;
    while BLOCKS[i].address != 0 && BLOCKS[i].address != address { i = (i + 1) % TABLE; }
    &mut BLOCKS[i]
}

unsafe fn note(address: *mut u8, size: usize) -> *mut u8 {
    if LINE != 0 { *find(address as usize) = Block { address: address as usize, size, line: LINE }; }
    address
}

unsafe fn forget(address: *mut u8) {
    let block = find(address as usize);
    if block.address != 0 { block.line = 0; }
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 { note(System.alloc(layout), layout.size()) }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 { note(System.alloc_zeroed(layout), layout.size()) }
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) { forget(address); System.dealloc(address, layout) }
    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        forget(address);
        note(System.realloc(address, layout, size), size)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

macro_rules! keep { ($e:expr) => {{ unsafe { LINE = line!() as usize; } let r = $e; unsafe { LINE = 0; } r }} }

trait Shape { fn area(&self) -> u64; }
struct Square([u64; 12]);
impl Shape for Square { fn area(&self) -> u64 { self.0[0] } }

#[inline(never)]
fn grown(n: usize) -> Vec<u32> {
    let mut v = Vec::new();
    keep!(for i in 0..n { v.push(i as u32); });
    v
}

#[inline(never)]
fn mapped(n: usize) -> HashMap<String, Vec<u8>> {
    let mut m = HashMap::new();
    keep!(for i in 0..n { m.insert(format!("key-{}", i), vec![7u8; 100]); });
    m
}

#[inline(never)]
fn shapes(n: usize) -> Vec<Box<dyn Shape>> {
    keep!((0..n).map(|i| Box::new(Square([i as u64; 12])) as Box<dyn Shape>).collect())
}

fn main() {
    let n = 500 + std::env::args().count();
    let a = grown(n);
    let b = mapped(n);
    let c = shapes(n);
    let d: Vec<Box<[u64; 16]>> = keep!((0..n).map(|i| Box::new([i as u64; 16])).collect());
    let e: String = keep!("words ".repeat(n));
    let f: Vec<Rc<Cell<u64>>> = keep!((0..n).map(|i| Rc::new(Cell::new(i as u64))).collect());
    let g: Arc<str> = keep!(Arc::from("a text that is shared"));
    let h: BTreeMap<usize, String> = keep!((0..n).map(|i| (i, i.to_string())).collect());
    let i: VecDeque<u16> = keep!((0..n as u16).collect());
    let j = keep!(a.clone());
    let k: Box<[u8]> = keep!(e.clone().into_bytes().into_boxed_slice());
    let l = keep!(things::Things::filled(n));
    std::mem::forget((a, b, d, e, f, g, h, i, j, k, l));
    assert!(c[1].area() == 1);
    std::mem::forget(c);
    let mut sums = [(0usize, 0usize); 200];
    unsafe {
        for block in BLOCKS.iter() {
            sums[block.line].0 += block.size;
            sums[block.line].1 += 1;
        }
    }
    for (line, (size, count)) in sums.iter().enumerate().skip(1) {
        if *count > 0 { println!("{} {} {}", line, size, count); }
    }
}

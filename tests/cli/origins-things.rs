// SPDX-License-Identifier: MIT
//! A crate of somebody else's, for origins.rs.
pub struct Things { names: Vec<String> }

impl Things {
    pub fn filled(n: usize) -> Things {
        let mut names = Vec::new();
        for i in 0..n { names.push(format!("thing number {}", i)); }
        Things { names }
    }
    pub fn count(&self) -> usize { self.names.len() }
}

//! Writes long arrays: rendered in parallel block by block, written in order, never held as a whole. It must not know
//! what the elements are.

use std::io;

use rayon::prelude::*;

/// Elements of a block: long enough to be worth a task, short enough that some of them are little memory.
const BLOCK: usize = 256;
/// Blocks under way at a time, for each thread of at most [`THREADS`].
const WINDOW: usize = 2;
/// Beyond this many threads the writer is what takes time.
const THREADS: usize = 8;

/// Writes the elements of some lists as one JSON array. `render` pushes each element of a block after a comma and a
/// newline.
pub(super) fn array<'m, T: Sync>(
    out: &mut dyn io::Write,
    lists: &[&'m [T]],
    render: impl Fn(&'m [T], &mut Vec<u8>) + Sync,
) -> io::Result<()> {
    out.write_all(b"[")?;
    let blocks: Vec<&'m [T]> = lists.iter().flat_map(|list| list.chunks(BLOCK)).collect();
    let window = rayon::current_num_threads().min(THREADS) * WINDOW;
    let mut windows = blocks.chunks(window);
    let (mut ready, mut next) = (vec![Vec::new(); window], vec![Vec::new(); window]);
    let mut unwritten = &mut ready[..0];
    let mut first = true;
    loop {
        let blocks = windows.next().unwrap_or_default();
        let rendered = &mut next[..blocks.len()];
        // One window is rendered by the pool while this thread writes the one before.
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                rendered
                    .par_iter_mut()
                    .zip(blocks)
                    .for_each(|(bytes, block)| {
                        bytes.clear();
                        render(block, bytes);
                    });
            });
            for bytes in unwritten.iter() {
                // The first element has nothing to be separated from.
                out.write_all(&bytes[usize::from(first)..])?;
                first = false;
            }
            io::Result::Ok(())
        })?;
        if blocks.is_empty() {
            break;
        }
        std::mem::swap(&mut ready, &mut next);
        unwritten = &mut ready[..blocks.len()];
    }
    out.write_all(if first { b"]" } else { b"\n]" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lists: &[&[usize]]) -> String {
        let mut out = Vec::new();
        array(&mut out, lists, |block, bytes| {
            for element in block {
                bytes.extend(format!(",\n{element}").as_bytes());
            }
        })
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_element_is_written_in_order() {
        assert_eq!(written(&[]), "[]");
        assert_eq!(written(&[&[], &[1], &[], &[2, 3]]), "[\n1,\n2,\n3\n]");
        for length in [BLOCK - 1, BLOCK, BLOCK + 1, 40 * BLOCK + 7] {
            let all: Vec<usize> = (0..length).collect();
            let text = written(&[&all[..length / 3], &all[length / 3..]]);
            assert_eq!(serde_json::from_str::<Vec<usize>>(&text).unwrap(), all);
            assert_eq!(text.lines().count(), length + 2);
        }
    }
}

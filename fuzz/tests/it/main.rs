//! The corpus: every input that a long run found worth keeping.

use std::{fs, path::Path};

#[test]
fn every_kept_input_keeps_its_target_content() {
    for target in fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        let mut inputs = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            // A panic names the input.
            println!("{}", path.display());
            (target.run)(&fs::read(&path).unwrap());
            inputs += 1;
        }
        assert!(inputs >= 10, "{} has {inputs} inputs", folder.display());
    }
}

//! Who may read a file that holds a secret.

use rustix::process::{Uid, geteuid};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Whether nobody but us and root can read a file, or write it.
///
/// As PostgreSQL has it: its owner alone; or, of a file that belongs to root where we are someone else, a group of ours
/// may read it. So Kubernetes mounts secrets into a pod.
#[must_use]
pub fn is_private(about: &Metadata) -> bool {
    admits(about.mode(), Uid::from_raw(about.uid()), geteuid())
}

fn admits(mode: u32, owner: Uid, us: Uid) -> bool {
    let none_of = |bits: u32| mode & bits == 0;
    none_of(0o077) || (none_of(0o037) && owner.is_root() && !us.is_root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_its_owners_or_one_that_root_lends_to_a_group_of_ours() {
        let (root, us) = (Uid::ROOT, Uid::from_raw(65_532));
        for mode in [0o600, 0o400] {
            assert!(admits(mode, us, us) && admits(mode, root, us) && admits(mode, root, root));
        }
        assert!(admits(0o100_440, root, us), "as Kubernetes mounts it");
        for (mode, owner, us) in
            [(0o440, us, us), (0o440, root, root), (0o460, root, us), (0o444, root, us), (0o404, root, us), (0o450, root, us)]
        {
            assert!(!admits(mode, owner, us), "{mode:o}");
        }
    }
}

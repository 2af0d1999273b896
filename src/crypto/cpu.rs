//! Whether this processor has the instructions the program was built with.

/// Instructions that the program was compiled to use and the processor lacks.
///
/// Checked before anything else, because the first use of one would end the process without a word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this processor lacks {}, which this build of Waxseal uses: run it on a newer processor (or give the virtual \
     machine its host's CPU model), or build it without the target features of .cargo/config.toml",
    .0.join(", ")
)]
pub struct MissingFeatures(pub Vec<&'static str>);

/// Checks the processor against the target features of `.cargo/config.toml`.
///
/// # Errors
/// [`MissingFeatures`] names what is missing and says what to do.
pub fn check() -> Result<(), MissingFeatures> {
    let missing: Vec<&'static str> = needed().into_iter().filter(|(_, here)| !here).map(|(name, _)| name).collect();
    if missing.is_empty() { Ok(()) } else { Err(MissingFeatures(missing)) }
}

/// What the build relies on, and whether it is here.
///
/// Only what the build relies on: without the flags the libraries choose at run time, and any processor will do.
/// Asks the processor itself, since `is_x86_feature_detected!` answers from the flags where there are any.
#[cfg(target_arch = "x86_64")]
fn needed() -> Vec<(&'static str, bool)> {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    /// Bytes of register state that the system saves for us once it has turned AVX on.
    const WITH_AVX: u32 = 832;

    let leaves = __cpuid(0).eax;
    let bit = |register: u32, bit: u32| register & (1 << bit) != 0;
    let basic = __cpuid(1).ecx;
    let avx_saved = bit(basic, 27) && bit(basic, 28) && leaves >= 13 && __cpuid_count(13, 0).ebx >= WITH_AVX;
    let all = [
        ("aes", cfg!(target_feature = "aes"), bit(basic, 25)),
        ("pclmulqdq", cfg!(target_feature = "pclmulqdq"), bit(basic, 1)),
        ("sse4.1", cfg!(target_feature = "sse4.1"), bit(basic, 19)),
        ("avx2", cfg!(target_feature = "avx2"), avx_saved && bit(__cpuid_count(7, 0).ebx, 5)),
    ];
    all.into_iter().filter(|(_, used, _)| *used).map(|(name, _, here)| (name, here)).collect()
}

/// Other processors are built for without flags: what they have is found at run time.
#[cfg(not(target_arch = "x86_64"))]
fn needed() -> Vec<(&'static str, bool)> {
    Vec::new()
}

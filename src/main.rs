//! The program.

fn main() -> std::process::ExitCode {
    waxseal::cli::main()
}

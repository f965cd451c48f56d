//! The command line: arguments, one command a file, output for people or programs.

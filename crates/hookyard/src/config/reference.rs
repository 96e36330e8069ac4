//! The reference page and the sample file, made from the table of options.

// Value shapes: what a text that stands where a secret would looks like: a placeholder, program
// code, the name of a thing, prose.

#pragma once

#include <string_view>

namespace paws::forwarder {

// Stands for a secret, or for none: `***`, null, `${{ secrets.X }}`, `$VAR`, `<password>`.
bool is_placeholder(std::string_view value);

// getpass(), os.environ["X"], process.env.PASSWORD, var.db_password
bool is_code(std::string_view value);

// /run/secrets/db_password, https://example.com/reset
bool is_place(std::string_view value);

// my-secret, default/token-x2k9f: the name of a thing, with no piece that looks random.
bool is_name(std::string_view value);

// One kind of letters, or a number that counts something.
bool looks_plain(std::string_view value);

// `ghp_xxxx...`, which documentation writes: a prefix and one letter, over and over.
bool ends_uniform(std::string_view value);

// Letters, and marks of punctuation around them.
bool is_word(std::string_view value);
std::string_view without_punctuation(std::string_view word);

// "incorrect", "required": said of a password, not one.
bool is_prose_word(std::string_view value);

// "This field is required.": a sentence where a value stands.
bool is_sentence(std::string_view value);

}  // namespace paws::forwarder

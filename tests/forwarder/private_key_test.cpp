#include "forwarder/private_key.h"

#include "forwarder/redactor.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace paws::forwarder;

namespace {

const std::string begin = std::string{"-----BE"} + "GIN RSA PRIVATE KEY-----";
const std::string end = "-----END RSA PRIVATE KEY-----";
const std::string body = "MIIEpAIBAAKCAQEA7v1b2n3m4Q5w6E7r8T9y0U1i2O3p4A5s6D7f8G9h0J1k2L3z";
const std::string mark = "[redacted:private_key]";

struct Reader {
    Redactor redactor = std::move(*Redactor::create());
    OpenKey open;

    std::string operator()(const std::string& line) {
        return std::string{redactor.redact(line, open)};
    }
    std::uint64_t count() const { return redactor.counts().front(); }
};

}  // namespace

TEST_CASE("redactor: a private key over several lines is taken out, and counted once") {
    Reader reader;
    REQUIRE(reader.redactor.rules().front() == "private_key");
    CHECK(reader("key: " + begin) == "key: " + mark);
    CHECK(reader.open.lines_left == most_key_lines);
    for (const auto& line :
         std::vector<std::string>{"Proc-Type: 4,ENCRYPTED",
                                  "DEK-Info: AES-128-CBC,0A1B2C3D",
                                  "",
                                  body,
                                  "    7v1b2n3m4Q5w6E7r8T9y0U1i2O3p4A5s6D7f8G9h0J1k2L3z",
                                  "Qw==",
                                  "a"}) {
        CHECK(reader(line) == mark);
    }
    CHECK(reader("  " + end + " written") == mark + " written");
    CHECK(reader.open == OpenKey{});
    CHECK(reader.count() == 1);
    CHECK(reader(body) == body);
}

TEST_CASE("redactor: of a key of PuTTY what is private is taken out, and counted once") {
    for (const std::string check : {"Private-MAC", "Private-Hash"}) {
        Reader reader;
        for (const auto& line : std::vector<std::string>{"PuTTY-User-Key-File-3: ssh-rsa",
                                                         "Encryption: none",
                                                         "Comment: rsa-key-20260102",
                                                         "Public-Lines: 1",
                                                         body}) {
            CHECK(reader(line) == line);
        }
        CHECK(reader("Private-Lines: 3") == mark);
        CHECK(reader(body) == mark);
        CHECK(reader("\t+ " + body) == mark);
        CHECK(reader("AAAAgQ==") == mark);
        CHECK(reader(check + ": 2f0a9c written") == mark + " written");
        CHECK(reader.open == OpenKey{});
        CHECK(reader.count() == 1);
        CHECK(reader(body) == body);
    }
}

TEST_CASE("redactor: who speaks of PuTTY's keys is heard, and a cut one is open") {
    for (const auto& line : std::vector<std::string>{"expected Private-Lines: 14 at line 5",
                                                     "Private-MAC: 2f0a9c is wrong",
                                                     "private-lines: 14 in small letters"}) {
        Reader reader;
        CHECK(reader(line) == line);
        CHECK(reader.open == OpenKey{});
    }
    Reader reader;
    CHECK(reader("{\"k\":\"Comment: x\\nPrivate-Lines: 14\\n" + body) ==
          "{\"k\":\"Comment: x\\n" + mark);
    CHECK(reader.open.lines_left == most_key_lines);
}

TEST_CASE("redactor: what a logger puts before each line does not hide a key") {
    for (const auto& prefix : std::vector<std::string>{"2024-06-03T08:14:22.104Z ",
                                                       "Jun 03 08:14:22 ci-07 app[12]: ",
                                                       "web-1  | ",
                                                       "[INFO] ",
                                                       "\t+ ",
                                                       "> "}) {
        CAPTURE(prefix);
        Reader reader;
        CHECK(reader(prefix + begin) == prefix + mark);
        CHECK(reader(prefix + body) == mark);
        CHECK(reader(prefix + "Qw8Ab/==") == mark);
        CHECK(reader(prefix + end) == mark);
    }
}

TEST_CASE("redactor: the quotes and escapes of JSON around a key's lines do not hide them") {
    Reader reader;
    reader("\"" + begin + "\\n\" +");
    CHECK(reader("  \"" + body + "\\n\" +") == mark);
    CHECK(reader("\"" + body + "\",\r") == mark);
    CHECK(reader("\"" + end + "\\n\";") == mark + "\\n\";");
}

TEST_CASE("redactor: lines of others let through do not close a key") {
    Reader reader;
    reader(begin);
    CHECK(reader("2024-06-03 GET /healthz took a while and returned nothing") ==
          "2024-06-03 GET /healthz took a while and returned nothing");
    CHECK(reader("password=hunter2 was set by somebody else") ==
          "password=[redacted:password] was set by somebody else");
    CHECK(reader(body) == mark);
    CHECK(reader(end) == mark);
}

TEST_CASE("redactor: a key that broke off is over after a few lines that cannot be of it") {
    Reader reader;
    reader(begin);
    for (int line = 0; line < 8; ++line) {
        CHECK(reader("the connection was closed by the peer").front() == 't');
    }
    CHECK(reader.open == OpenKey{});
    CHECK(reader(body) == body);
}

TEST_CASE("redactor: a key without an END is over after two hundred lines") {
    Reader reader;
    reader(begin);
    for (unsigned line = 0; line < most_key_lines; ++line) {
        REQUIRE(reader(body) == mark);
    }
    CHECK(reader(body) == body);
}

TEST_CASE("redactor: each source has its own open key") {
    Reader reader;
    OpenKey other;
    reader(begin);
    CHECK(reader.redactor.redact(body, other) == body);
    CHECK(reader(body) == mark);
}

TEST_CASE("redactor: an open key that was kept goes on after a restart") {
    Reader before;
    before(begin);
    Reader after;
    after.open = before.open;
    CHECK(after(body) == mark);
    CHECK(after(end) == mark);
    CHECK(after.count() == 0);
}

TEST_CASE("redactor: a BEGIN within an open key begins the next one") {
    Reader reader;
    reader(begin);
    CHECK(reader(begin) == mark);
    CHECK(reader(end + " and " + begin) == mark + " and " + mark);
    CHECK(reader.open.lines_left == most_key_lines);
    CHECK(reader.count() == 3);
}

TEST_CASE("redactor: a whole key in one line opens nothing, a cut one does") {
    Reader reader;
    CHECK(reader(begin + "\n" + body + "\n" + end + "\nok") == mark + "\nok");
    CHECK(reader.open == OpenKey{});
    CHECK(reader("{\"k\":\"" + begin + "\\n" + body) == "{\"k\":\"" + mark);
    CHECK(reader.open.lines_left == most_key_lines);
}

TEST_CASE("redactor: who speaks of keys is heard") {
    for (const auto& line : std::vector<std::string>{
             "expected " + begin + " at line 1",
             "no " + std::string{begin}.append(" or ").append(end).append(" in a file"),
             "found a stray " + end}) {
        Reader reader;
        CHECK(reader(line) == line);
        CHECK(reader.open == OpenKey{});
        CHECK(reader.count() == 0);
    }
}

TEST_CASE("redactor: what may be of a key") {
    for (const auto& line :
         std::vector<std::string>{"", " ", "AbC=", "Comment: ci", "Version: GnuPG v2"}) {
        CHECK(may_be_of_key(line));
    }
    for (const auto& line : std::vector<std::string>{"job done",
                                                     "exit code 1",
                                                     "a: b",
                                                     "-----BEGIN CERTIFICATE-----",
                                                     "\xFF\xFE",
                                                     "completed successfully x"}) {
        CHECK(!may_be_of_key(line));
    }
}

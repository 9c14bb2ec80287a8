#include "forwarder/redactor.h"

#include <algorithm>
#include <ctime>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace paws::forwarder;

namespace {

// Time of the processor, the best of some turns, or one that is good enough: what else this machine
// does is not ours.
double cost(Redactor& redactor, const std::string& line, int turns, double enough = 0) {
    auto best = std::numeric_limits<double>::max();
    for (; turns > 0 && best > enough; --turns) {
        OpenKey open;
        const auto start = std::clock();
        redactor.redact(line, open);
        best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    }
    return best;
}

std::string repeated(const std::string& piece, std::size_t size) {
    std::string line;
    while (line.size() < size) {
        line += piece;
    }
    return line;
}

}  // namespace

TEST_CASE("redactor: a line eight times as long costs no more than twenty times as much") {
    auto redactor =
        std::move(*Redactor::create({{"badge", "B-([0-9]+)"}, {"card", "card=([0-9]+).*cvv"}}));
    for (const auto& piece :
         std::vector<std::string>{"a",
                                  "card=1 cvv ",
                                  "eyJ",
                                  "eyJ.",
                                  "password=",
                                  "password=x&",
                                  "password=x,",
                                  "password: ",
                                  "password=${",
                                  "password%3Da,",
                                  "token=a,b;",
                                  "token=abcdefgh;",
                                  R"("password":")",
                                  R"("password":"x",)",
                                  R"(password=\")",
                                  "password=[redacted:password] ",
                                  "://",
                                  "://a:b",
                                  "://a:b@",
                                  "https://a:b1@c ",
                                  "8Q~",
                                  "sk-",
                                  "sg.a.",
                                  "github_",
                                  "[token",
                                  "%5bpassword",
                                  "-----BEGIN PRIVATE KEY-----",
                                  "-----BEGIN PRIVATE KEY-----a-----END PRIVATE KEY-----",
                                  "curl -u a:b ",
                                  "curl ",
                                  ";password=a ",
                                  "login a password b ",
                                  "<password>",
                                  "<password>a</",
                                  "authorization: bearer ",
                                  "aws4-hmac-sha256 signature=",
                                  "sig=aaaaaaaaaaaaaaaaaaaaaaaaa&",
                                  R"(name="password" value="x" )",
                                  "cookie=",
                                  "cookie: a=b; ",
                                  "cookie: a=abcdefgh1; ",
                                  "set-cookie: a=\"",
                                  "cookie a=b', '",
                                  "Private-Lines: 1 ",
                                  "Private-Lines: 1\\nPrivate-MAC: a",
                                  "[redacted:",
                                  "B-1"}) {
        CAPTURE(piece);
        // 8^1.5 is 22.6; on a busy machine what is linear comes to 12.
        const auto allowed = 20 * cost(redactor, repeated(piece, 1U << 16U), 7);
        CHECK(cost(redactor, repeated(piece, 1U << 19U), 30, allowed) <= allowed);
    }
}

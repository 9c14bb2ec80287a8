#include "forwarder/redaction_rules.h"

#include "forwarder/secret_values.h"

namespace paws::forwarder {

namespace {

using namespace std::string_literals;

// What may stand around the name of a key: quotes, also those of JSON within JSON, of URLs and XML.
const std::string close_quote = R"((?:\\*["'`]|%(?:5c)*22|&quot;)?)";

// The value begins after its opening quote and ends before the same one. Without a quote it ends
// at a blank or where the next pair may begin; whole_value() knows more.
const std::string some_value = R"((?:(?:some\(|\[|[bruf])?"((?:[^"\\]|\\(?s:.))*))"
                               R"(|(?:some\(|\[|[bruf])?'((?:[^'\\]|\\(?s:.))*))"
                               R"(|\[?\\"((?:[^"\\]|\\\\+(?s:.)|\\[^"\\])*))"
                               R"(|\\'((?:[^'\\]|\\\\+(?s:.)|\\[^'\\])*))"
                               R"(|\\\\+["']((?:[^"'\\]|\\+[^"'\\])*))"
                               R"(|%(?:5c)*22((?:[^%\s"]|%(?:[0-13-9a-f][0-9a-f]|2[013-9a-f]))*))"
                               R"(|&quot;([^&\s]*))"
                               R"(|([^\s"'`&;,:=>][^\s"'`&;,]*)))";

// `name = value` in the manners of shells, JSON, YAML, query strings, forms and program code.
std::string assigned(const std::string& names) {
    return R"((?i)(?:\[[\w.-]*(?:)" + names + R"()\]|%5b[\w.-]*(?:)" + names + R"()%5d|(?:)" +
           names + "))" + close_quote + R"([ \t]*(?:=>|:=|==?|:|%3[ad])(?:[ \t]|%20)*)" +
           some_value;
}

const std::string digits_after = "(?:[_-]?(?:[0-9]|confirm|confirmation|new|old|value))?";
const std::string passwords = "(?:password|passwd|passphrase|passwort|sshpass)" + digits_after;
const std::string keys =
    "(?:(?:client|app|consumer|api|shared|webhook)[_-]?secret|secret[_-]?key"
    "|(?:access|auth|refresh|id|bot|api|session|private|deploy|security|vault)[_-]?token"
    "|(?:api|access|auth|encryption|signing|master|license|subscription|functions|storage)[_-]?key"
    "|\\b_auth)" +
    digits_after;

// <password>x</password>
std::string element(const std::string& names) {
    return R"((?i)<[\w.:-]*)" + names + R"((?:[ \t][^<>]*)?>([^<]+)</)";
}

// {"name": "DB_PASSWORD", "value": "x"}
std::string named_value(const std::string& names) {
    return R"((?i)\b(?:name|key)\\*["']?[ \t]*[:=][ \t]*\\*["'][\w.:-]*)" + names +
           R"(\\*["'],?[ \t]*\\*["']?value\\*["']?[ \t]*[:=][ \t]*\\*["']([^"'\\]+))";
}

void add_github(std::vector<BuiltInRule>& rules) {
    rules.push_back({"github_token",
                     {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"},
                     R"((gh[opusr]_[\w.-]+|github_pat_[\w-]+))",
                     token_of<40>});
    // Forty hexadecimal digits are a token of old where a token belongs, and a commit elsewhere.
    rules.push_back({"github_token",
                     {"github", "gh_", "ghe_"},
                     assigned(R"((?:github|gh|ghe)[_.-](?:[\w.-]*[_.-])?(?:token|pat|oauth))"),
                     weak_value});
    rules.push_back(
        {"github_token", {"://"}, R"(://([0-9a-f]+)(?::x-oauth-basic)?@)", token_of<40>, "@"});
    // What registers a runner, or removes it.
    rules.push_back({"github_token",
                     {"token"},
                     R"((?i:token)\\*["']?[ \t]*[=: ][ \t]*\\*["']?(A[A-Z0-9]+))",
                     registration_token});
}

void add_clouds(std::vector<BuiltInRule>& rules) {
    rules.push_back({"aws_key",
                     {"akia", "asia", "abia", "acca"},
                     R"(((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}[\w-]*))",
                     token_of<20>});
    rules.push_back({"aws_key",
                     {"secret", "aws", "amz"},
                     assigned("(?:secret[_-]?access[_-]?key|aws[_-]?secret[_-]?key"
                              "|(?:aws|amz)[_-]?(?:session|security)[_-]?token)"),
                     strong_value});
    rules.push_back({"aws_key", {"signature"}, R"((?i)\bsignature=([0-9a-f]+))", token_of<64>});
    rules.push_back({"gcp_key",
                     {"aiza", "ya29.", "gocspx-"},
                     R"((AIza[\w-]+|ya29\.[\w.-]+|GOCSPX-[\w-]+))",
                     token_of<24>});
    rules.push_back({"azure_key",
                     {"accountkey", "account_key", "sharedaccess", "sharedsecret"},
                     assigned("(?:account_?key|shared_?access_?key|shared_?secret_?(?:key|value))"),
                     strong_value});
    rules.push_back({"azure_key",
                     {"sig=", "sig%3d"},
                     R"((?i)(?:^|[^a-z0-9]|u0026|%26|%3f)sig(?:=|%3d)([\w%+/=-]+))",
                     token_of<20>});
    rules.push_back(
        {"azure_key", {"7q~", "8q~", "9q~"}, R"(([\w~.-]*[0-9]Q~[\w~.-]+))", token_of<34>});
}

void add_vendors(std::vector<BuiltInRule>& rules) {
    // PEM as a whole in base64, as Kubernetes keeps it: PRIVATE at each of the three offsets.
    rules.push_back(
        {private_key_rule,
         {"ls0tls1crudjti"},
         R"((LS0tLS1CRUdJTi[A-Za-z0-9+/]{0,32}(?:UFJJVkFUR|BSSVZBVEUg|QUklWQVRFI)[\w+/=-]+))",
         any_value});
    rules.push_back({"jwt", {"eyj"}, R"((eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*))", jwt});
    rules.push_back({"slack_token",
                     {"xox", "xapp-", "hooks.slack.com"},
                     R"((xox[a-z]-[\w-]+|xapp-[\w-]+)|hooks\.slack\.com/[a-z]+/([\w/-]+))",
                     token_of<16>});
    rules.push_back(
        {"vendor_token",
         {"npm_",      "pypi-",  "glpat-",   "gldt-",    "glrt-",    "glcbt-",   "glptt-",
          "gr1348941", "dckr_",  "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_",
          "hvs.",      "hvb.",   "hvr.",     "hf_",      "dop_v1_",  "shpat_",   "shpss_",
          "glsa_",     "atatt3", "atctt3",   "tskey-",   "lin_api_", "sntrys_",  "rubygems_",
          "pscale_",   "figd_",  "bkua_",    "gsk_",     "xkeysib",  "nrak-",    "age-secret",
          "ntn_",      "fm2_"},
         R"((npm_[\w-]+|pypi-[\w-]+|gl(?:pat|dt|rt|cbt|ptt|sa)[-_][\w.-]+|GR1348941[\w-]+)"
         R"(|dckr_[a-z]+_[\w-]+|[sr]k_(?:live|test)_\w+|whsec_[\w+/=]+|hv[sbr]\.[\w-]+)"
         R"(|\bhf_[\w-]+|dop_v1_[\w-]+|shp(?:at|ss)_[\w-]+|AT[AC]TT3[\w=-]+|tskey-[\w-]+)"
         R"(|lin_api_[\w-]+|sntrys_[\w+/=-]+|rubygems_[\w-]+|pscale_[a-z]+_[\w.-]+|figd_[\w-]+)"
         R"(|bkua_[\w-]+|\bgsk_[\w-]+|xkeysib-[\w-]+|NRAK-[\w-]+|AGE-SECRET-KEY-1[\w-]+)"
         R"(|\bntn_[\w-]+|\bfm2_[\w+/=-]+))",
         random_token});
    rules.push_back({"vendor_token", {"sk-"}, R"(\b(sk-[\w-]+))", random_token});
    rules.push_back({"vendor_token", {"sg."}, R"(\b(SG\.[\w-]+\.[\w-]+))", random_token});
    rules.push_back({"vendor_token",
                     {"atlasv1", "discord"},
                     R"((\w+\.atlasv1\.[\w-]+)|discord(?:app)?\.com/api/webhooks/[0-9]+/([\w-]+))",
                     random_token});
}

void add_headers(std::vector<BuiltInRule>& rules) {
    rules.push_back(
        {"authorization",
         {"authorization"},
         R"((?i)authorization(?:\\*["'][\])]?)?(?:[ \t]|%20)*(?:[:=]|%3[ad]|,)(?:[ \t+]|%20)*\[?\\*["']?)"
         R"((?:(?:basic|bearer|token|negotiate|digest|apikey|key|ntlm)(?:[ \t+]|%20)+)?)"
         R"(([^\s"'\\,\]&]+))",
         header_value});
    rules.push_back({"authorization",
                     {"bearer", "basic"},
                     R"((?i)\b(?:bearer|basic)(?:[ \t+:]|%20)+\\*["']?([\w.~+/=-]+))",
                     bearer_value});
    rules.push_back(
        {"authorization",
         {"curl"},
         R"(\bcurl\b[^\n]*?[ \t](?:-u|--user|-U|--proxy-user)[ \t=]*["']?[^\s:"']+:([^\s"']+))",
         url_password});
}

// `Cookie: a=x; b=y`, `Set-Cookie: a=x; Path=/`, and the same in JSON, in lists, as a flag or a
// variable: all pairs at once, as only the first stands behind the word.
void add_cookies(std::vector<BuiltInRule>& rules) {
    const std::string name = R"([\w.%$!~*+-]+=)";
    const std::string quoted = R"re(\\*"[^"\\;\r\n]*\\*")re";
    rules.push_back({"cookie",
                     {"cookie"},
                     R"((?i)cookie2?)" + close_quote +
                         R"((?:[ \t]*(?:=>|[:=,])|[ \t])[ \t]*\[?[ \t]*\\*["'`]?()" + name +
                         "(?:" + quoted + R"()?(?:[^"'`\\\r\n]|=)" + quoted +
                         R"(|\\+[^"'`nr\\]|\\*["'],[ \t]*\\*["'])" + name + ")*)",
                     cookie_values,
                     "="});
}

void add_urls(std::vector<BuiltInRule>& rules) {
    // A slash in a password ought to be escaped and sometimes is not. JSON may escape those before
    // it.
    rules.push_back({"url_password",
                     {"://", ":\\/\\/"},
                     R"(:(?://|\\/\\/)[^\s/:@"'<>\[\\?#]*:)"
                     R"(([^\s"'<>\\/]+|[^\s"'<>\\@:]*/[^\s"'<>\\@:]*)@)",
                     url_password,
                     "@"});
    rules.push_back({"url_password",
                     {"%3a%2f%2f"},
                     R"((?i)%3a%2f%2f[\w.~-]*%3a([^\s"'<>/&]+?)%40)",
                     url_password});
    rules.push_back({"connection_string",
                     {"password", "pwd"},
                     R"re((?i);[ \t]*(?:password|pwd)[ \t]*=[ \t]*(?:'([^']*)'|"([^"]*)")re"
                     R"(|([^;"'\s\\][^;"'\n\\]*);|([^;"'\s\\]+)))",
                     strong_value,
                     ";"});
    rules.push_back({"connection_string",
                     {"password", "pwd"},
                     R"((?i)\b(?:password|pwd)[ \t]*=[ \t]*([^;"'\s\\&,]+);[ \t]*[a-z ]+=)",
                     strong_value,
                     ";"});
}

void add_words(std::vector<BuiltInRule>& rules) {
    rules.push_back(
        {"password", {"passw", "passphrase", "sshpass"}, assigned(passwords), password_value});
    rules.push_back({"password",
                     {"pass", "pwd"},
                     assigned(R"((?:(?:\b|_)pass|(?-i:[a-z]Pass)|pwd))"),
                     pass_value});
    rules.push_back({"password",
                     {"passw", "passphrase"},
                     R"((?i)--[\w-]*(?:password|passwd|passphrase)[ \t]+)" + some_value,
                     flag_value,
                     "--"});
    rules.push_back({"password",
                     {"identified by", "password"},
                     R"((?i)(?:identified[ \t]+by|\blogin[ \t]+\S+[ \t]+password|\bpassword)[ \t]+)"
                     R"re((?:'([^']+)'|"([^"]+)"))re"
                     R"(|\blogin[ \t]+\S+[ \t]+password[ \t]+([^\s"']+))",
                     quoted_word});
    rules.push_back({"secret", {"secret", "token", "key", "_auth"}, assigned(keys), strong_value});
    rules.push_back({"secret",
                     {"token", "secret", "credential"},
                     assigned("(?:token|secret|credentials)" + digits_after),
                     weak_value});
    rules.push_back(
        {"secret",
         {"token", "secret", "key"},
         R"((?i)--[\w-]*(?:token|secret|api-?key|access-?key|secret-?key)[ \t]+)" + some_value,
         weak_value,
         "--"});
    rules.push_back({"secret", {"::add-mask::"}, R"(::add-mask::[ \t]*([^\s"\\]+))", any_value});
    const auto some_key = "(?:secret|token|api[_-]?key)"s;
    rules.push_back({"password", {"passw", "passphrase"}, element(passwords), any_value, "</"});
    rules.push_back(
        {"password", {"passw", "passphrase"}, named_value(passwords), any_value, "alue"});
    rules.push_back({"secret", {"secret", "token", "key"}, element(some_key), any_value, "</"});
    rules.push_back(
        {"secret", {"secret", "token", "key"}, named_value(some_key), any_value, "alue"});
}

}  // namespace

std::vector<BuiltInRule> built_in_rules() {
    std::vector<BuiltInRule> rules;
    add_github(rules);
    add_clouds(rules);
    add_vendors(rules);
    add_headers(rules);
    add_cookies(rules);
    add_urls(rules);
    add_words(rules);
    return rules;
}

}  // namespace paws::forwarder

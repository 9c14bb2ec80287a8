// What the polkit rule says to each question: a line of JSON each, in and out. Usage: polkit_rule.js RULES
const fs = require("fs");
const vm = require("vm");

const rules = [];
const polkit = { Result: { YES: "yes", NO: "no" }, addRule: (rule) => rules.push(rule) };
vm.runInNewContext(fs.readFileSync(process.argv[2], "utf8"), { polkit });
for (const line of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const { id, user, details } = JSON.parse(line);
  const action = { id, lookup: (key) => details[key] };
  console.log(rules[0](action, { user }) ?? "undefined");
}

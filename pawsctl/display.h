// Display: standard output as the verbs use it.

#pragma once

#include "pawsctl/answer.h"
#include "pawsctl/ask.h"
#include "pawsctl/screen.h"

#include <string>
#include <string_view>
#include <vector>

namespace paws::pawsctl {

// What standard output is: its width, whether it shows colour (a terminal that is not dumb, and no
// NO_COLOR), whether it reads UTF-8. Nothing is cut where it is no terminal, unless COLUMNS says.
Screen screen_of_output();

// A terminal that can be redrawn, on both standard output and TERM.
bool output_can_redraw();

void print_lines(const std::vector<std::string>& lines);
// Valid JSON: for a program as the agent wrote it, for a terminal over several lines.
void print_json(std::string_view valid);
// What the agent said: for a program as it wrote it, for people drawn.
using Draw = std::vector<std::string>(const boost::json::object& result, const Screen& screen);
void print_answer(const Answer& answer, bool json, Draw* draw);
// "pawsctl: " and the sentence, on standard error.
void complain(std::string_view sentence);
// Complains of it; the exit code.
int fail(const Failure& failure);

}  // namespace paws::pawsctl

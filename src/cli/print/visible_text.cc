// SPDX-License-Identifier: Apache-2.0
#include "cli/print/visible_text.h"

#include <clocale>
#include <cwchar>
#include <vector>

#include "base/utf8.h"
#include "fmt/format.h"

namespace traffictap::cli::print {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::string_view kEllipsis = "…";

char32_t Decode(std::string_view sequence) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(sequence[at]); };
  if (sequence.size() == 1) return byte(0);
  char32_t code = byte(0) & (0xffu >> (sequence.size() + 1));
  for (size_t i = 1; i < sequence.size(); ++i) code = (code << 6) | (byte(i) & 0x3f);
  return code;
}

// The C library's table of widths, in the locale that every glibc has built in. Without it only
// ASCII counts as visible.
int Width(char32_t code) {
  if (code < 0x80) return code >= 0x20 && code != 0x7f ? 1 : -1;
  static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (utf8 == locale_t{}) return -1;
  const locale_t before = uselocale(utf8);
  const int width = wcwidth(static_cast<wchar_t>(code));
  uselocale(before);
  return width;
}

// Some that glibc gives a column to although nothing, or another order, is seen.
bool IsDeceptive(char32_t code) {
  return code == 0xad || code == 0x2028 || code == 0x2029 || code == 0x3164 || code == 0x115f ||
         code == 0x1160 || code == 0xffa0 || (code >= 0xe000 && code <= 0xf8ff) || code >= 0xe0000;
}

bool IsVisible(char32_t code) { return Width(code) > 0 && !IsDeceptive(code); }

// Calls `each` with every character's bytes; with none of them for a byte that is no UTF-8.
template <typename Each>
void ForEachCharacter(std::string_view text, Each each) {
  while (!text.empty()) {
    const size_t length = base::Utf8SequenceLength(text);
    each(text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

// `text` with `escape(code)` in place of what is not visible.
template <typename Escape>
std::string Rewrite(std::string_view text, Escape escape) {
  std::string out;
  out.reserve(text.size());
  ForEachCharacter(text, [&](std::string_view character) {
    if (character.empty()) {
      out += kReplacement;
    } else if (const char32_t code = Decode(character); IsVisible(code)) {
      out += character;
    } else {
      out += escape(static_cast<unsigned>(code));
    }
  });
  return out;
}

// The longest begin of `characters` of at most `columns` columns.
std::string TakeColumns(const std::vector<std::string_view>& characters, size_t columns,
                        bool from_end) {
  std::string out;
  for (size_t i = 0, used = 0; i < characters.size(); ++i) {
    const auto character = characters[from_end ? characters.size() - 1 - i : i];
    used += static_cast<size_t>(std::max(Width(Decode(character)), 0));
    if (used > columns) break;
    out.insert(from_end ? 0 : out.size(), character);
  }
  return out;
}

}  // namespace

std::string VisibleText(std::string_view text) {
  return Rewrite(text, [](unsigned code) { return fmt::format("\\u{{{:02x}}}", code); });
}

std::string VisibleJson(std::string_view json) {
  return Rewrite(json, [](unsigned code) {
    if (code < 0x10000) return fmt::format("\\u{:04x}", code);
    const unsigned pair = code - 0x10000;
    return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (pair >> 10), 0xdc00 + (pair & 0x3ff));
  });
}

std::string VisibleYaml(std::string_view quoted) {
  return Rewrite(quoted, [](unsigned code) {
    return code < 0x10000 ? fmt::format("\\u{:04x}", code) : fmt::format("\\U{:08x}", code);
  });
}

size_t TextColumns(std::string_view visible) {
  size_t columns = 0;
  ForEachCharacter(visible, [&](std::string_view character) {
    const int width = character.empty() ? 1 : Width(Decode(character));
    columns += static_cast<size_t>(std::max(width, 0));
  });
  return columns;
}

std::string FitText(std::string_view visible, size_t columns) {
  if (TextColumns(visible) <= columns) return std::string(visible);
  if (columns == 0) return {};
  std::vector<std::string_view> characters;
  ForEachCharacter(visible, [&](std::string_view character) {
    if (!character.empty()) characters.push_back(character);
  });
  const size_t kept = columns - 1;
  std::string out = TakeColumns(characters, kept / 2, false);
  out += kEllipsis;
  out += TakeColumns(characters, kept - kept / 2, true);
  return out;
}

std::string PadText(std::string text, size_t columns) {
  const size_t width = TextColumns(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

}  // namespace traffictap::cli::print

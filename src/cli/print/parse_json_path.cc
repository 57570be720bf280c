// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <charconv>

#include "cli/print/json_path_syntax.h"
#include "fmt/format.h"

namespace traffictap::cli::print {
namespace {

using Compare = PathFilter::Compare;
using Kind = PathStep::Kind;

constexpr size_t kDepthMax = 32;  // of ranges and filters in each other
constexpr long kStrideMax = 1'000'000;

PathStep StepOf(Kind kind) {
  PathStep step;
  step.kind = kind;
  return step;
}

PathStep FieldStep(std::string field) {
  PathStep step = StepOf(Kind::kField);
  step.field = std::move(field);
  return step;
}

PathStep UnionOf(PathStep first) {
  PathStep step = StepOf(Kind::kUnion);
  step.members.push_back(std::move(first));
  return step;
}

TemplateNode TextNode(std::string_view text) {
  TemplateNode node;
  node.text = text;
  return node;
}

// Reads a template from front to back. The first fault stops it: each reader returns at once when
// there is one.
class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : text_(text) {}

  StatusOr<TemplateNode> Parse() {
    TemplateNode root;
    root.kind = TemplateNode::Kind::kRange;
    if (text_.find('{') == std::string_view::npos) {
      return absl::InvalidArgumentError(fmt::format(
          "jsonpath: nothing of \"{}\" is in braces: write paths as {{.request.path}}", text_));
    }
    ReadNodes(&root.body, 0);
    if (!fault_.empty()) return absl::InvalidArgumentError(fault_);
    return root;
  }

 private:
  bool failed() const { return !fault_.empty(); }
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Next(std::string_view word) const { return text_.substr(at_).starts_with(word); }

  bool Take(std::string_view word) {
    if (!Next(word)) return false;
    at_ += word.size();
    return true;
  }

  void SkipBlanks() {
    while (!AtEnd() && std::isspace(static_cast<unsigned char>(Peek())) != 0) ++at_;
  }

  void Fail(std::string_view what) { FailAt(at_, what); }
  void FailAt(size_t place, std::string_view what) {
    if (failed()) return;
    fault_ = fmt::format("jsonpath: {} at column {} of \"{}\"", what, place + 1, text_);
  }

  // Up to the end of the template (`depth` 0) or to the {end} of the range that it stands in.
  void ReadNodes(std::vector<TemplateNode>* out, size_t depth) {
    const size_t begin = at_;
    while (!failed() && !AtEnd()) {
      if (Peek() != '{') {
        const size_t brace = std::min(text_.find('{', at_), text_.size());
        out->push_back(TextNode(text_.substr(at_, brace - at_)));
        at_ = brace;
        continue;
      }
      open_ = at_++;
      SkipBlanks();
      if (TakeWord("end")) {
        if (depth == 0) FailAt(open_, "\"end\" without a \"range\" before it");
        return Close();
      }
      ReadAction(out, depth);
    }
    if (depth > 0) FailAt(begin, "no {end} for the range before it");
  }

  // A keyword that is not the begin of a longer word.
  bool TakeWord(std::string_view word) {
    const size_t after = at_ + word.size();
    if (!Next(word) ||
        (after < text_.size() && std::isalnum(static_cast<unsigned char>(text_[after])) != 0)) {
      return false;
    }
    at_ = after;
    return true;
  }

  void Close() {
    SkipBlanks();
    if (failed() || Take("}")) return;
    if (AtEnd()) return FailAt(open_, "no \"}\" for the \"{\"");
    Fail(fmt::format("\"{}\" is not expected", Peek()));
  }

  void ReadAction(std::vector<TemplateNode>* out, size_t depth) {
    if (TakeWord("range")) return ReadRange(out, depth);
    // Several parts may stand in one pair of braces: {.a}{"\n"} is also {.a "\n"}.
    if (Peek() == '}') return Fail("nothing is in the braces: write a path such as .verdict");
    while (!failed() && !AtEnd() && Peek() != '}') {
      TemplateNode node;
      if (Peek() == '"' || Peek() == '\'') {
        node.text = ReadQuoted();
      } else {
        node.kind = TemplateNode::Kind::kPath;
        node.path = ReadPath(depth);
      }
      out->push_back(std::move(node));
      SkipBlanks();
    }
    Close();
  }

  void ReadRange(std::vector<TemplateNode>* out, size_t depth) {
    if (depth >= kDepthMax) return Fail("ranges are too deep in each other");
    SkipBlanks();
    TemplateNode node;
    node.kind = TemplateNode::Kind::kRange;
    node.path = ReadPath(depth);
    Close();
    if (!failed()) ReadNodes(&node.body, depth + 1);
    out->push_back(std::move(node));
  }

  ValuePath ReadPath(size_t depth) {
    ValuePath out;
    const size_t begin = at_;
    out.from_record = Peek() == '$';
    if (Peek() == '$' || Peek() == '@') ++at_;
    while (!failed() && (Peek() == '.' || Peek() == '[')) {
      if (Peek() == '[') {
        out.steps.push_back(ReadBrackets(depth));
        continue;
      }
      ReadDots(&out.steps);
    }
    if (at_ == begin) {
      Fail(std::isalpha(static_cast<unsigned char>(Peek())) != 0
               ? "a path begins with \".\": write .request and not request"
               : "a path such as .request.path is expected");
    }
    return out;
  }

  void ReadDots(std::vector<PathStep>* out) {
    if (Take("..")) {
      out->push_back(StepOf(Kind::kDescend));
      if (Peek() == '[') return;
    } else {
      ++at_;
      // "." alone is the value itself, and ".[0]" is "[0]".
      if (Peek() == '[' || IsPathEnd(Peek())) return;
    }
    if (Take("*")) {
      out->push_back(StepOf(Kind::kAll));
      return;
    }
    std::string field;
    while (!AtEnd() && Peek() != '.' && Peek() != '[' && !IsPathEnd(Peek())) {
      if (Peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      field += text_[at_++];
    }
    if (field.empty()) return Fail("the name of a field is expected");
    out->push_back(FieldStep(field));
  }

  static bool IsPathEnd(char c) {
    return c == '\0' || c == '}' || c == '{' || c == ')' || c == ']' || c == ',' || c == '=' ||
           c == '!' || c == '<' || c == '>' || c == '"' || c == '\'' || c == '@' || c == '$' ||
           std::isspace(static_cast<unsigned char>(c)) != 0;
  }

  PathStep ReadBrackets(size_t depth) {
    const size_t open = at_++;
    SkipBlanks();
    PathStep step;
    if (Take("?(")) {
      step = ReadFilter(depth);
    } else {
      step = ReadMember();
      SkipBlanks();
      if (Next(",")) step = UnionOf(std::move(step));
      while (!failed() && Take(",")) {
        SkipBlanks();
        step.members.push_back(ReadMember());
        SkipBlanks();
      }
    }
    SkipBlanks();
    if (!failed() && !Take("]")) FailAt(open, "no \"]\" for the \"[\"");
    return step;
  }

  PathStep ReadMember() {
    if (Take("*")) return StepOf(Kind::kAll);
    if (Peek() == '\'' || Peek() == '"') return FieldStep(ReadQuoted());
    PathStep step = StepOf(Kind::kIndex);
    step.begin = ReadInteger();
    if (Next(":")) {
      step.kind = Kind::kSlice;
      Take(":");
      step.end = ReadInteger();
      const auto stride = Take(":") ? ReadInteger() : std::nullopt;
      step.stride = stride.value_or(1);
      if (step.stride < 1 || step.stride > kStrideMax)
        Fail("the step of a slice must be 1 or more");
    } else if (!step.begin) {
      Fail("an index, 'a name', * or ?(…) is expected");
    }
    return step;
  }

  std::optional<long> ReadInteger() {
    SkipBlanks();
    long value = 0;
    const char* begin = text_.data() + at_;
    const auto read = std::from_chars(begin, text_.data() + text_.size(), value);
    if (read.ec == std::errc::invalid_argument) return std::nullopt;
    if (read.ec != std::errc()) Fail("the number is too large");
    at_ += static_cast<size_t>(read.ptr - begin);
    SkipBlanks();
    return value;
  }

  PathStep ReadFilter(size_t depth) {
    PathStep step = StepOf(Kind::kFilter);
    step.filter = std::make_shared<PathFilter>();
    if (depth >= kDepthMax) Fail("filters are too deep in each other");
    const size_t open = at_ - 1;
    SkipBlanks();
    step.filter->left = ReadPath(depth + 1);
    SkipBlanks();
    step.filter->compare = ReadCompare();
    SkipBlanks();
    if (step.filter->compare != Compare::kExists) step.filter->right = ReadOperand(depth + 1);
    SkipBlanks();
    if (Next("&&") || Next("||"))
      Fail("a filter has one comparison: use two filters, [?(…)][?(…)]");
    if (!failed() && !Take(")")) FailAt(open, "no \")\" for the \"(\"");
    return step;
  }

  Compare ReadCompare() {
    if (Take("==")) return Compare::kEqual;
    if (Take("!=")) return Compare::kNotEqual;
    if (Take("<=")) return Compare::kLessOrEqual;
    if (Take(">=")) return Compare::kGreaterOrEqual;
    if (Take("<")) return Compare::kLess;
    if (Take(">")) return Compare::kGreater;
    if (Take("=")) return Compare::kEqual;
    return Compare::kExists;
  }

  Operand ReadOperand(size_t depth) {
    if (Peek() == '"' || Peek() == '\'') return Literal(ReadQuoted());
    if (TakeWord("true")) return Literal(true);
    if (TakeWord("false")) return Literal(false);
    if (Peek() == '.' || Peek() == '@' || Peek() == '$') return ReadPath(depth);
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto read = std::from_chars(begin, text_.data() + text_.size(), value);
    if (read.ec != std::errc()) Fail("a \"text\", a number, true, false or a path is expected");
    at_ += static_cast<size_t>(read.ptr - begin);
    return Literal(value);
  }

  std::string ReadQuoted() {
    const size_t open = at_;
    const char quote = text_[at_++];
    std::string out;
    while (!AtEnd() && Peek() != quote) {
      if (Peek() == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        out += Escaped(text_[at_]);
      } else {
        out += Peek();
      }
      ++at_;
    }
    if (!Take(std::string_view(&quote, 1))) FailAt(open, "no end of the quoted text");
    return out;
  }

  static char Escaped(char c) {
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case '0': return '\0';
      default: return c;
    }
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t open_ = 0;  // the brace of the action that is read
  std::string fault_;
};

}  // namespace

StatusOr<TemplateNode> ParseTemplate(std::string_view text) { return TemplateParser(text).Parse(); }

}  // namespace traffictap::cli::print

// SPDX-License-Identifier: Apache-2.0
#include "tap/yaml_document.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "fmt/format.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace traffictap::tap {
namespace {

constexpr size_t kBytesMax = 1 << 20;
constexpr size_t kLevelsMax = 64;
constexpr size_t kNodesMax = 100'000;

struct Refusal : std::runtime_error {
  Refusal(int at, const std::string& text) : std::runtime_error(text), line(at) {}
  int line;
};

// yaml-cpp takes a quote that the end of the text closes where a line end stands before it, so a
// file that was cut off would pass for a whole one.
bool QuoteIsOpen(const std::string& text, const YAML::Mark& start) {
  size_t at = 0;
  for (int line = 0; line < start.line && at < text.size(); ++line) {
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  at += static_cast<size_t>(std::max(start.column, 0));
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return false;
  const char quote = text[at++];
  for (; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote && quote == '\'' && text.compare(at + 1, 1, "'") == 0) {
      ++at;  // '' stands for one quote
    } else if (text[at] == quote) {
      return false;
    }
  }
  return true;
}

// Events rather than YAML::Node: the bounds then hold while the text is read, not after it.
class TreeBuilder final : public YAML::EventHandler {
 public:
  std::vector<YamlNode> documents;
  YAML::Mark last_quoted = YAML::Mark::null_mark();

  void OnDocumentStart(const YAML::Mark&) override { open_.clear(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseMarks(mark, "", anchor);
    Add(Make(YamlNode::Kind::kNull, mark, ""));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal(mark.line + 1, "aliases (*name) are not supported: write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseMarks(mark, tag, anchor);
    const bool plain = tag != "!";
    if (!plain) last_quoted = mark;
    const bool null = plain && (value == "~" || value == "null" || value.empty());
    Add(Make(null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar, mark, value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    RefuseMarks(mark, tag, anchor);
    Push(Make(YamlNode::Kind::kList, mark, ""));
  }
  void OnSequenceEnd() override { Pop(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    RefuseMarks(mark, tag, anchor);
    Push(Make(YamlNode::Kind::kMap, mark, ""));
  }
  void OnMapEnd() override { Pop(); }

 private:
  struct Open {
    YamlNode node;
    bool has_key = false;
    std::string key;
    int key_line = 0;
  };

  // "?" is the tag of a plain value and "!" that of a quoted one: only others are written out.
  static void RefuseMarks(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) {
      throw Refusal(mark.line + 1, "anchors (&name) are not supported: remove the anchor");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refusal(mark.line + 1, "tags (!type) are not supported: remove the tag");
    }
  }

  YamlNode Make(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& text) {
    if (++nodes_ > kNodesMax) throw Refusal(mark.line + 1, "more than 100000 nodes");
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.text = text;
    return node;
  }

  void Push(YamlNode node) {
    if (open_.size() >= kLevelsMax) throw Refusal(node.line, "nested deeper than 64 levels");
    open_.emplace_back().node = std::move(node);
  }

  void Pop() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (open_.empty()) {
      documents.push_back(std::move(node));
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kMap && !parent.has_key) {
      const bool simple =
          node.kind == YamlNode::Kind::kScalar || node.kind == YamlNode::Kind::kNull;
      if (!simple) throw Refusal(node.line, "a key must be plain text");
      parent.key = node.text;
      parent.key_line = node.line;
      parent.has_key = true;
      return;
    }
    if (parent.has_key) {
      node.key = std::exchange(parent.key, "");
      node.key_line = parent.key_line;
      parent.has_key = false;
    }
    parent.node.children.push_back(std::move(node));
  }

  std::vector<Open> open_;
  size_t nodes_ = 0;
};

}  // namespace

std::vector<YamlNode> ReadYaml(const std::string& text, YamlFault* fault) {
  TreeBuilder builder;
  if (text.size() > kBytesMax) {
    *fault = {0, "larger than 1 MiB: split the file"};
    return {};
  }
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
    if (!builder.last_quoted.is_null() && QuoteIsOpen(text, builder.last_quoted)) {
      throw Refusal(builder.last_quoted.line + 1, "a quote is not closed: correct the YAML");
    }
  } catch (const Refusal& refusal) {
    *fault = {refusal.line, refusal.what()};
  } catch (const YAML::Exception& error) {
    *fault = {error.mark.line + 1, error.msg + ": correct the YAML"};
  } catch (const std::exception& error) {
    *fault = {0, fmt::format("cannot be read as YAML: {}", error.what())};
  }
  return std::move(builder.documents);
}

}  // namespace traffictap::tap

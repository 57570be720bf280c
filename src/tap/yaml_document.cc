#include "tap/yaml_document.h"

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

// Events rather than YAML::Node: the bounds then hold while the text is read, not after it.
class TreeBuilder final : public YAML::EventHandler {
 public:
  std::vector<YamlNode> documents;

  void OnDocumentStart(const YAML::Mark&) override { open_.clear(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Add(Make(YamlNode::Kind::kNull, mark, ""));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal(mark.line + 1, "aliases (*name) are not supported: write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    const bool plain = tag != "!";
    const bool null = plain && (value == "~" || value == "null" || value.empty());
    Add(Make(null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar, mark, value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Push(Make(YamlNode::Kind::kList, mark, ""));
  }
  void OnSequenceEnd() override { Pop(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
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
    open_.push_back({std::move(node)});
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

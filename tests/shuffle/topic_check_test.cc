// SPDX-License-Identifier: Apache-2.0
#include "shuffle/topic_check.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using Config = std::map<std::string, std::string>;

struct TopicCheckTest {
  static Config Good() {
    return {{"cleanup.policy", "delete"},
            {"message.timestamp.type", "LogAppendTime"},
            {"max.message.bytes", "1048588"}};
  }
  // What is said of the topic of halves with this setting, or without it where it is empty.
  std::string With(const std::string& name, const std::string& value) const {
    Config config = Good();
    config[name] = value;
    if (value.empty()) config.erase(name);
    const Status judged = JudgeConfig(shuffle::HalvesTopic(settings), config);
    BOOST_TEST((judged.ok() || absl::IsFailedPrecondition(judged)));
    return Message(judged);
  }
  static shuffle::ShuffleSettings Settings() {
    shuffle::ShuffleSettings out;
    out.cluster.topic = "halves";
    out.checkpoints = "state";
    out.partitions = 8;
    return out;
  }
  const shuffle::ShuffleSettings settings = Settings();
};

BOOST_FIXTURE_TEST_SUITE(topic_check, TopicCheckTest)

BOOST_AUTO_TEST_CASE(a_topic_of_halves_has_the_brokers_time_and_is_deleted_by_age) {
  BOOST_TEST(JudgeConfig(shuffle::HalvesTopic(settings), Good()).ok());
  BOOST_TEST(With("cleanup.policy", "compact").find("cleanup.policy=compact: set it to delete") !=
             std::string::npos);
  BOOST_TEST(With("cleanup.policy", "compact,delete").find("set it to delete") !=
             std::string::npos);
  BOOST_TEST(With("message.timestamp.type", "CreateTime")
                 .find("topic \"halves\" has message.timestamp.type=CreateTime: set it to "
                       "LogAppendTime") != std::string::npos);
  BOOST_TEST(With("message.timestamp.type", "").find("LogAppendTime") != std::string::npos);
  BOOST_TEST(With("max.message.bytes", "100000").find("set it to 524288 or more") !=
             std::string::npos);
  BOOST_TEST(With("max.message.bytes", "524288") == "");
}

BOOST_AUTO_TEST_CASE(a_topic_of_checkpoints_is_compacted) {
  const auto needs = shuffle::CheckpointsTopic(settings);
  BOOST_TEST(JudgeConfig(needs, {{"cleanup.policy", "compact"}}).ok());
  BOOST_TEST(JudgeConfig(needs, {{"cleanup.policy", "compact,delete"}}).ok());
  const auto wrong = JudgeConfig(needs, {{"cleanup.policy", "delete"}});
  BOOST_TEST(Message(wrong).find("topic \"state\" has cleanup.policy=delete: set it to compact") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_topic_of_proxies_is_compacted_and_has_any_number_of_partitions) {
  const auto needs = shuffle::ProxiesTopic(settings);
  BOOST_TEST(needs.topic == "traffictap.proxies");
  for (const char* policy : {"compact", "compact,delete"}) {
    BOOST_TEST(JudgeConfig(needs, {{"cleanup.policy", policy}}).ok());
  }
  const auto wrong = Message(JudgeConfig(needs, {{"cleanup.policy", "delete"}}));
  BOOST_TEST(
      wrong.find(
          "topic \"traffictap.proxies\" has cleanup.policy=delete: set it to compact,delete, "
          "as the state of a quiet proxy would be deleted") != std::string::npos,
      wrong);
  for (const uint32_t found : {1u, 3u, 64u}) BOOST_TEST(JudgePartitions(needs, found).ok());
}

BOOST_AUTO_TEST_CASE(another_number_of_partitions_is_refused_with_both) {
  const auto needs = shuffle::HalvesTopic(settings);
  BOOST_TEST(JudgePartitions(needs, 8).ok());
  for (const uint32_t found : {0u, 7u, 9u}) {
    const Status judged = JudgePartitions(needs, found);
    BOOST_TEST(absl::IsFailedPrecondition(judged));
    const auto said = "has " + std::to_string(found) + " partitions and --shuffle-partitions is 8";
    BOOST_TEST(Message(judged).find(said) != std::string::npos, Message(judged));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap

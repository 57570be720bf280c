// SPDX-License-Identifier: Apache-2.0
#include "apiserver/front_proxy.h"

#include <boost/test/unit_test.hpp>

#include "absl/strings/ascii.h"

namespace traffictap {

using apiserver::FrontProxy;
using apiserver::ReadFrontProxy;
using apiserver::ReadUser;

struct FrontProxyTest {
  // As kube-apiserver 1.35 writes it.
  kube::Object config_map{
      kube::Json{{"data",
                  {{"client-ca-file", "of users"},
                   {"requestheader-client-ca-file", "of the front proxy"},
                   {"requestheader-allowed-names", R"(["front-proxy-client"])"},
                   {"requestheader-username-headers", R"(["X-Remote-User"])"},
                   {"requestheader-uid-headers", R"(["X-Remote-Uid"])"},
                   {"requestheader-group-headers", R"(["X-Remote-Group"])"},
                   {"requestheader-extra-headers-prefix", R"(["X-Remote-Extra-"])"}}}}};
  web::HttpRequest request;

  FrontProxyTest() {
    request.client_name = "front-proxy-client";
    request.headers = {{"x-remote-user", "max"}};
  }
  StatusOr<observe::User> User() { return ReadUser(ReadFrontProxy(config_map).value(), request); }
  std::string Refusal() { return Message(User().status()); }
};

BOOST_FIXTURE_TEST_SUITE(front_proxy, FrontProxyTest)

BOOST_AUTO_TEST_CASE(a_user_has_name_uid_groups_and_extra_fields) {
  request.headers.emplace("x-remote-uid", "42");
  request.headers.emplace("x-remote-group", "shop-team");
  request.headers.emplace("x-remote-group", "system:authenticated");
  request.headers.emplace("x-remote-extra-example.org%2fscopes", "a");
  request.headers.emplace("x-remote-extra-example.org%2fscopes", "b");
  const auto user = User().value();
  BOOST_TEST(user.name == "max");
  BOOST_TEST(user.uid == "42");
  BOOST_TEST(user.groups == (std::vector<std::string>{"shop-team", "system:authenticated"}),
             boost::test_tools::per_element());
  BOOST_TEST(user.extra.at("example.org/scopes") == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_the_front_proxys_certificate_nobody_is_believed) {
  request.client_name = std::nullopt;
  BOOST_TEST(Refusal().find("kubectl get --raw") != std::string::npos);
  request.client_name = "somebody-else";
  BOOST_TEST(absl::IsUnauthenticated(User().status()));
  request.client_name = "";
  BOOST_TEST(absl::IsUnauthenticated(User().status()));
}

BOOST_AUTO_TEST_CASE(without_allowed_names_all_that_the_ca_has_signed_are) {
  config_map.value()["data"]["requestheader-allowed-names"] = "[]";
  request.client_name = "whoever";
  BOOST_TEST(User().ok());
  request.client_name = std::nullopt;
  BOOST_TEST(!User().ok());
}

BOOST_AUTO_TEST_CASE(a_request_names_one_user_in_text) {
  request.headers.emplace("x-remote-user", "root");
  BOOST_TEST(Refusal() == "the request has x-remote-user more than once");
  request.headers = {{"x-remote-user", ""}};
  BOOST_TEST(Refusal() == "the request names no user");
  for (const char* bad : {"ma\xff", "ma\x1b[31m"}) {
    request.headers = {{"x-remote-user", bad}};
    BOOST_TEST(!User().ok());
    request.headers = {{"x-remote-user", "max"}, {"x-remote-group", bad}};
    BOOST_TEST(!User().ok());
    request.headers = {{"x-remote-user", "max"}, {"x-remote-extra-a", bad}};
    BOOST_TEST(!User().ok());
  }
}

BOOST_AUTO_TEST_CASE(an_api_server_without_a_front_proxy_is_told_what_it_lacks) {
  config_map.value()["data"].erase("requestheader-client-ca-file");
  BOOST_TEST(Message(ReadFrontProxy(config_map).status()).find("--requestheader-client-ca-file") !=
             std::string::npos);
  config_map.value()["data"] = {{"requestheader-client-ca-file", "x"},
                                {"requestheader-username-headers", "no JSON"}};
  BOOST_TEST(!ReadFrontProxy(config_map).ok());
  BOOST_TEST(!ReadFrontProxy(kube::Object()).ok());
}

BOOST_AUTO_TEST_CASE(a_reader_names_users_so_that_a_pairer_knows_them) {
  const auto readers = apiserver::FrontProxyOfReaders("PEM");
  BOOST_TEST(readers.client_ca == "PEM");
  const observe::User user{"max", "7", {"shop-team", "devs"}, {{"scopes/a", {"x", "y"}}}};
  web::HttpRequest request;
  for (const auto& [name, value] : apiserver::HeadersOf(user)) {
    request.headers.emplace(absl::AsciiStrToLower(name), value);
  }
  BOOST_TEST(absl::IsUnauthenticated(ReadUser(readers, request).status()));
  request.client_name = "any reader";
  const auto read = ReadUser(readers, request);
  BOOST_REQUIRE(read.ok());
  BOOST_TEST((*read == user));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap

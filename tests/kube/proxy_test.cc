// SPDX-License-Identifier: Apache-2.0
#include "kube/proxy.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <optional>

namespace traffictap {
namespace {

// The proxies of the environment for one test: these and no others.
class Environment {
 public:
  Environment(const std::string& proxy, const std::string& without) {
    for (const char* name : kNames) {
      const char* old = std::getenv(name);
      old_.push_back(old == nullptr ? std::nullopt : std::optional<std::string>(old));
      unsetenv(name);
    }
    setenv("HTTPS_PROXY", proxy.c_str(), 1);
    setenv("no_proxy", without.c_str(), 1);
  }
  ~Environment() {
    for (size_t i = 0; i < old_.size(); ++i) {
      old_[i] ? setenv(kNames[i], old_[i]->c_str(), 1) : unsetenv(kNames[i]);
    }
  }

 private:
  static constexpr const char* kNames[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                           "http_proxy",  "NO_PROXY",    "no_proxy"};
  std::vector<std::optional<std::string>> old_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(proxy)

BOOST_AUTO_TEST_CASE(the_environment_counts_where_the_kubeconfig_says_nothing) {
  const Environment environment("bastion:3128", "10.0.0.0/8,.corp.example");
  BOOST_TEST(*kube::ProxyOf("https://api.example:6443", "") == "http://bastion:3128");
  BOOST_TEST(*kube::ProxyOf("https://api.example:6443", "http://own:1") == "http://own:1");
  BOOST_TEST(*kube::ProxyOf("http://api.example:6443", "") == "");
  BOOST_TEST(*kube::ProxyOf("https://10.1.2.3:6443/k8s", "") == "");
  BOOST_TEST(*kube::ProxyOf("https://api.corp.example", "") == "");
  BOOST_TEST(*kube::ProxyOf("https://127.0.0.1:6443", "") == "");
  BOOST_TEST(*kube::ProxyOf("https://[::1]:6443", "") == "");
  BOOST_TEST(*kube::ProxyOf("https://localhost:6443", "") == "");
}

BOOST_AUTO_TEST_CASE(a_proxy_that_cannot_be_spoken_to_is_refused) {
  const Environment environment("socks5://bastion:1080", "");
  BOOST_TEST(absl::IsInvalidArgument(kube::ProxyOf("https://api.example", "").status()));
  for (const char* wrong : {"https://p:1", "socks5h://p:1", "bastion:3128", "http://", "ftp://p"}) {
    BOOST_TEST(absl::IsInvalidArgument(kube::ProxyOf("http://a", wrong).status()), wrong);
  }
}

BOOST_AUTO_TEST_CASE(no_proxy_has_names_domains_addresses_blocks_and_ports) {
  const std::string list = "example.com, .internal,10.0.0.0/8,192.168.1.5,api.test:6443,fd00::/8";
  for (const char* host : {"example.com", "www.Example.com", "db.internal", "10.255.0.1",
                           "192.168.1.5", "api.test", "fd00::7"}) {
    BOOST_TEST(kube::IsWithoutProxy(host, "6443", list), host);
  }
  for (const char* host : {"notexample.com", "internal", "11.0.0.1", "192.168.1.6", "fe80::1"}) {
    BOOST_TEST(!kube::IsWithoutProxy(host, "6443", list), host);
  }
  BOOST_TEST(!kube::IsWithoutProxy("api.test", "443", list));
  BOOST_TEST(kube::IsWithoutProxy("anything", "1", "*"));
  BOOST_TEST(!kube::IsWithoutProxy("anything", "1", ""));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "fmt/format.h"

namespace traffictap::als {

// A directory with certificates of two authorities, "mesh" and "foreign": mesh-ca.pem, mesh.pem,
// mesh.key, … and of the mesh also those of Istio's kind, cart (shop/cart-sa), thief (other/thief)
// and double (with two identities). Made by openssl once per test executable, removed at its end.
class Certificates {
 public:
  static const Certificates& Get() {
    static const Certificates certificates;
    return certificates;
  }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  std::string Read(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(Path(name)).rdbuf();
    return out.str();
  }

 private:
  Certificates() : directory_("/tmp/traffictap-als-XXXXXX") {
    BOOST_REQUIRE(mkdtemp(directory_.data()) != nullptr);
    for (const char* authority : {"mesh", "foreign"}) {
      Run(fmt::format(
          "openssl req -x509 -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
          "-subj /CN={0} -keyout {1}-ca.key -out {1}-ca.pem",
          authority, Path(authority)));
      Sign(authority, authority, "DNS:localhost");
    }
    const std::string cart = "URI:spiffe://cluster.local/ns/shop/sa/cart-sa";
    Sign("mesh", "cart", cart);
    Sign("mesh", "thief", "URI:spiffe://cluster.local/ns/other/sa/thief");
    Sign("mesh", "double", cart + ",URI:spiffe://cluster.local/ns/other/sa/thief");
  }
  ~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  void Sign(const std::string& authority, const std::string& name, const std::string& names) {
    Run(
        fmt::format("openssl req -x509 -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                    "-subj /CN=localhost -addext subjectAltName={2} -CA {0}-ca.pem "
                    "-CAkey {0}-ca.key -keyout {1}.key -out {1}.pem",
                    Path(authority), Path(name), names));
  }

  static void Run(const std::string& command) {
    BOOST_TEST_REQUIRE(std::system((command + " 2>/dev/null").c_str()) == 0, command);
  }

  std::string directory_;
};

}  // namespace traffictap::als

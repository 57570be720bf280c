// SPDX-License-Identifier: Apache-2.0
#include "redaction/url.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {

using redaction::RedactUrl;
using redaction::RemoveUserinfo;

BOOST_AUTO_TEST_SUITE(url)

BOOST_AUTO_TEST_CASE(a_session_id_in_a_path_parameter_is_hidden_in_every_form) {
  for (const char* form :
       {"/shop;jsessionid=S3CRET", "/shop;jsessionid=S3CRET/cart", "/shop;S3CRET",
        "/shop;v=1;sid=S3CRET?a=S3CRET", "/shop%3Bjsessionid=S3CRET", "/shop%3bjsessionid%3dS3CRET",
        "/shop%3Ftoken=S3CRET&x=S3CRET", "/shop%23access_token=S3CRET%26b=S3CRET", "/shop;a&S3CRET",
        "/shop;a%26S3CRET", "/;S3CRET", ";S3CRET", "/a;b=S3CRET;c=S3CRET,S3CRET",
        "https://shop.example/cart;jsessionid=S3CRET#S3CRET", "/a;x=S3CRET=S3CRET",
        "https://shop.example;S3CRET", "/a;x=S3CRET%3BS3CRET", "/a;x?S3CRET"}) {
    BOOST_TEST(RedactUrl(form).find("S3CRET") == std::string::npos, RedactUrl(form));
  }
}

BOOST_AUTO_TEST_CASE(keys_of_path_parameters_and_the_path_stay) {
  BOOST_TEST(RedactUrl("/a;jsessionid=1/b;v=2;w/c") ==
             "/a;jsessionid=REDACTED/b;v=REDACTED;REDACTED/c");
  BOOST_TEST(RedactUrl("/a%3Bsid%3D1/b") == "/a%3Bsid%3DREDACTED/b");
  BOOST_TEST(RedactUrl("/a;") == "/a;");
  BOOST_TEST(RedactUrl("/a;;/b") == "/a;;/b");
}

BOOST_AUTO_TEST_CASE(a_session_that_asp_net_keeps_in_the_path_is_hidden) {
  BOOST_TEST(RedactUrl("/shop/(S(s3cret))/cart.aspx") == "/shop/(S(REDACTED))/cart.aspx");
  BOOST_TEST(RedactUrl("/(A(x)F(y)S(z))/a?b=1") ==
             "/(A(REDACTED)F(REDACTED)S(REDACTED))/a?b=REDACTED");
  BOOST_TEST(RedactUrl("https://shop.example/(S(s3cret))") == "https://shop.example/(S(REDACTED))");
}

BOOST_AUTO_TEST_CASE(a_path_without_parameters_stays_as_it_is) {
  for (const char* path :
       {"/a/b,c=1/d", "/tags/c%23", "/dt=2024-01-01/x", "/a%20b/%2F", "/AT&T", "/AT%26T", "/100%",
        "/%3", "*", "", "/Carts(1)/Items((2))", "/(a)/((b))", "/(S(a)b))", "/())", "/(S(a)"}) {
    BOOST_TEST(RedactUrl(path) == path);
  }
}

BOOST_AUTO_TEST_CASE(user_and_password_are_removed_wherever_an_authority_stands) {
  for (const char* form :
       {"https://bob:S3CRET@shop/a", "//bob:S3CRET@shop/a", "bob:S3CRET@shop:80",
        "HTTP://S3CRET@shop?x", "/proxy/https://bob:S3CRET@shop/a",
        "https%3A%2F%2Fbob:S3CRET@shop%2Fa", "/p/https%3a//bob:S3CRET@shop",
        "https://a/https://b:S3CRET@c/https://d:S3CRET@e", "http://a:S3CRET@b@shop/x"}) {
    BOOST_TEST(RemoveUserinfo(form).find("S3CRET") == std::string::npos, RemoveUserinfo(form));
    BOOST_TEST(RemoveUserinfo(form).find('@') == std::string::npos, RemoveUserinfo(form));
  }
  BOOST_TEST(RemoveUserinfo("/proxy/https://bob:pw@shop/a@b") == "/proxy/https://shop/a@b");
  BOOST_TEST(RemoveUserinfo("//bob@shop//x@y") == "//shop//x@y");
}

BOOST_AUTO_TEST_CASE(an_at_sign_elsewhere_stays) {
  for (const char* form : {"/a/@bob", "https://shop/@bob", "https://shop?m=bob@x", "/x@y", "",
                           "https://shop#a@b", "://", "//"}) {
    BOOST_TEST(RemoveUserinfo(form) == form);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap

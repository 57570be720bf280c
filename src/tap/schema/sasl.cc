// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/sasl.h"

#include <map>

#include "fmt/format.h"
#include "re2/re2.h"

namespace traffictap::tap::schema {
namespace {

using Extensions = std::map<std::string, std::string>;

constexpr size_t kExtensionsMax = 16;
constexpr size_t kExtensionMax = 1024;
constexpr char kExtensionName[] = "^[a-zA-Z]{1,64}$";
constexpr char kExtensionValue[] = "^[\\t\\n\\r\\x20-\\x7e]*$";
constexpr char kNamesRule[] =
    "every name must be 1 to 64 letters, and not auth, such as logicalCluster";
constexpr char kValueRule[] = "must be printable ASCII";
constexpr char kOneServer[] = "tokenEndpointUrl and awsRegion exclude each other";

// `pattern` is RE2, which the API server evaluates as well.
Kind<std::string> Matching(size_t max, const char* pattern, const char* message) {
  return Text({.max = max,
               .pattern = pattern,
               .message = message,
               .check = [max, pattern, message](const Value& value, std::string* text) {
                 if (text->size() > max) value.Invalid(fmt::format("is longer than {}", max));
                 if (!RE2::FullMatch(*text, pattern)) value.Invalid(message);
               }});
}

void CheckExtensions(const Value& value, const Extensions& extensions) {
  if (extensions.size() > kExtensionsMax) {
    value.Invalid(fmt::format("has more than {} entries", kExtensionsMax));
  }
  for (const auto& [name, text] : extensions) {
    if (name == "auth" || !RE2::FullMatch(name, kExtensionName)) value.Invalid(kNamesRule);
    if (text.size() > kExtensionMax || !RE2::FullMatch(text, kExtensionValue)) {
      value.Invalid(fmt::format("{}: {}, at most {} characters", name, kValueRule, kExtensionMax));
    }
  }
}

// Names and values as RFC 7628, 3.1, has them: what librdkafka takes.
Kind<Extensions> ExtensionMap() {
  Kind<Extensions> out;
  out.read = [](const Value& value, Extensions* to) {
    ReadLabels(value, to);
    CheckExtensions(value, *to);
  };
  out.write = [](const Extensions& extensions) { return Json(extensions); };
  out.describe = [](Scope) {
    Tree tree = {{"type", "object"},
                 {"maxProperties", kExtensionsMax},
                 {"additionalProperties", {{"type", "string"}, {"maxLength", kExtensionMax}}}};
    AddRule(&tree["additionalProperties"], Matches(kExtensionValue), kValueRule);
    AddRule(&tree, "self.all(name, name != 'auth' && " + Matches(kExtensionName, "name") + ")",
            kNamesRule);
    return tree;
  };
  return out;
}

void RefuseField(FieldReader* fields, const char* name, const char* advice) {
  if (fields->Has(name)) fields->Fault("Conflict", fmt::format("has {}: {}", name, advice));
}

void RequireField(FieldReader* fields, const char* name) {
  if (!fields->Has(name)) fields->Required(name, [](const Value&) {});
}

}  // namespace

Kind<std::string> Mechanism() { return OneOf(kSaslMechanisms); }

Kind<KafkaOauth> Oauth() {
  using O = KafkaOauth;
  return Object<O>()
      .Required("credentialsDirectory", &O::credentials_dir, Text({.max = 4096}),
                "Folder with the files token; or clientSecret, with clientId and "
                "tokenEndpointUrl; or accessKeyId and secretAccessKey.")
      .Only(BrokerForm::kInline)
      .Optional("tokenEndpointUrl", &O::token_endpoint_url,
                Matching(2048, "^https?://[^\\x00-\\x20\\x7f/?#@]+(/[^\\x00-\\x20\\x7f#]*)?$",
                         "must be http:// or https:// with a host, such as "
                         "https://login.example/oauth2/token"),
                "Token endpoint of an OAuth 2.0 server: the token is fetched with the client's "
                "credentials. Default: key tokenEndpointUrl of the secret.")
      .Optional("clientId", &O::client_id,
                Matching(1024, "^[\\x20-\\x7e]+$", "must be printable ASCII"),
                "Client to fetch tokens as. Default: key clientId of the secret.")
      .Optional("scope", &O::scope,
                Matching(2048, "^[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]+$",
                         "must be scopes with a space between them, without quotes"),
                "Scope to ask the token endpoint for. Default: key scope of the secret.")
      .Optional("awsRegion", &O::aws_region,
                Matching(64, "^[a-z0-9]+(-[a-z0-9]+)*$", "must be a region, such as eu-west-1"),
                "Amazon MSK with IAM: the token is signed with accessKeyId and secretAccessKey of "
                "the secret, for this region. Default: key region of the secret, or the region "
                "in the brokers' names.")
      .Optional("extensions", &O::extensions, ExtensionMap(),
                "SASL extensions to send to the broker, such as logicalCluster and identityPoolId "
                "for Confluent Cloud.")
      .Rule("!has(self.tokenEndpointUrl) || !has(self.awsRegion)", kOneServer)
      .Checked([](FieldReader& fields, const O& oauth) {
        if (oauth.token_endpoint_url.empty() || oauth.aws_region.empty()) return;
        fields.Fault("Conflict", std::string(kOneServer) + ": remove one of them");
      })
      .kind();
}

void CheckOauth(FieldReader* fields, const std::string& mechanism) {
  if (mechanism != kOauthBearer) {
    RefuseField(fields, "oauth", "set mechanism to OAUTHBEARER, or remove oauth");
  }
}

void CheckLogin(FieldReader* fields, const std::string& mechanism) {
  CheckOauth(fields, mechanism);
  if (mechanism == kOauthBearer) {
    RequireField(fields, "oauth");
    for (const char* file : {"usernameFile", "passwordFile"}) {
      RefuseField(fields, file, "OAUTHBEARER takes oauth.credentialsDirectory instead");
    }
    return;
  }
  for (const char* file : {"usernameFile", "passwordFile"}) RequireField(fields, file);
}

}  // namespace traffictap::tap::schema

// SPDX-License-Identifier: Apache-2.0
import { excludeTerm, filterQuery, parseFilter, routePath, toggleTerm, toggleValue, words } from "../../src/web/ui/src/filter";

const query = (line: string) => filterQuery(parseFilter(line).terms).toString();

test.each([
  ["code:5xx", "code=5xx"],
  ["response-code:404|503", "code=404%7C503"],
  ["src:frontend dst:shop/cart", "source=frontend&destination=shop%2Fcart"],
  ["-path:/health min:100ms", "not.path=%2Fhealth&minDuration=100ms"],
  ["-path:/a -path:/b", "not.path=%2Fa&not.path=%2Fb"],
  ["slow cart", "text=slow&text=cart"],
  ['slow "shop cart" text:a', "text=slow&text=shop+cart&text=a"],
  ["pod:cart-* service:shop/cart", "pod=cart-*&service=shop%2Fcart"],
  ["client-code:503 server-code:2xx attempts:2", "clientCode=503&serverCode=2xx&attempts=2"],
  ['text:"not found"', "text=not+found"],
  ["/cart/42", "text=%2Fcart%2F42"],
  ["NS:shop", "namespace=shop"],
  ["grpc:UNAVAILABLE agent:curl/", "grpcStatus=UNAVAILABLE&userAgent=curl%2F"],
  ["state:Open", "state=Open"],
  ["from:web to:cart host:shop.example", "source=web&destination=cart&authority=shop.example"],
  ["-timeout", "not.text=timeout"],
  ["http://cart:8080/items?a=1", "authority=cart%3A8080&path=%3D%2Fitems%3Fa%3D1"],
  ["10.0.0.1:8080", "text=10.0.0.1%3A8080"],
  ["fd00::1", "text=fd00%3A%3A1"],
  ["[fd00::1]:8080", "text=%5Bfd00%3A%3A1%5D%3A8080"],
  ["", ""],
])("%s asks for %s", (line, wanted) => expect(query(line)).toBe(wanted));

test("an unknown key and a missing value are told", () => {
  expect(parseFilter("colour:red").error).toContain("colour:");
  expect(parseFilter("code:").error).toContain("needs a value");
  expect(parseFilter("cod:5xx").error).toContain("Did you mean code:?");
});

test("a term is added, replaced and taken out", () => {
  expect(toggleTerm("slow", "verdict", "Ok")).toBe("slow verdict:Ok");
  expect(toggleTerm("verdict:Ok", "verdict", "Retried")).toBe("verdict:Retried");
  expect(toggleTerm("a verdict:Ok b", "verdict", "Ok")).toBe("a b");
});

test("several values of a key are one word, and one that is kept out is another", () => {
  expect(toggleValue("verdict:Ok slow", "verdict", "Denied")).toBe("slow verdict:Ok|Denied");
  expect(toggleValue("verdict:Ok|Denied", "verdict", "Ok")).toBe("verdict:Denied");
  expect(toggleValue("verdict:Ok", "verdict", "Ok")).toBe("");
  expect(excludeTerm("verdict:Ok", "verdict", "Ok")).toBe("-verdict:Ok");
  expect(excludeTerm("-verdict:Ok a", "verdict", "Ok")).toBe("a");
  expect(toggleTerm("dst:cart -destination:x", "destination", "shop/stock")).toBe("-destination:x destination:shop/stock");
});

test("the path of a route is a whole path, or a regex where it has identifiers", () => {
  expect(routePath("/items")).toBe("=/items");
  expect(new RegExp(`^${routePath("/a.b/{id}/c").slice(1)}$`).test("/a.b/42/c")).toBe(true);
  expect(new RegExp(`^${routePath("/a.b/{id}/c").slice(1)}$`).test("/aXb/42/c")).toBe(false);
});

test("quotes keep spaces together", () => expect(words('a "b c" d:"e f"')).toEqual(["a", "b c", "d:e f"]));

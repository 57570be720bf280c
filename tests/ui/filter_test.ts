// SPDX-License-Identifier: Apache-2.0
import { filterQuery, parseFilter, toggleTerm, words } from "../../src/web/ui/src/filter";

const query = (line: string) => filterQuery(parseFilter(line).terms).toString();

test.each([
  ["code:5xx", "code=5xx"],
  ["response-code:404|503", "code=404%7C503"],
  ["src:frontend dst:shop/cart", "source=frontend&destination=shop%2Fcart"],
  ["-path:/health min:100ms", "not.path=%2Fhealth&minDuration=100ms"],
  ["-path:/a -path:/b", "not.path=%2Fa&not.path=%2Fb"],
  ["slow cart", "text=slow+cart"],
  ['text:"not found"', "text=not+found"],
  ["/cart/42", "text=%2Fcart%2F42"],
  ["NS:shop", "namespace=shop"],
  ["grpc:UNAVAILABLE agent:curl/", "grpcStatus=UNAVAILABLE&userAgent=curl%2F"],
  ["from:web to:cart host:shop.example", "source=web&destination=cart&authority=shop.example"],
  ["-timeout", "not.text=timeout"],
  ["", ""],
])("%s asks for %s", (line, wanted) => expect(query(line)).toBe(wanted));

test("an unknown key and a missing value are told", () => {
  expect(parseFilter("colour:red").error).toContain("colour:");
  expect(parseFilter("code:").error).toContain("needs a value");
});

test("a term is added, replaced and taken out", () => {
  expect(toggleTerm("slow", "verdict", "Ok")).toBe("slow verdict:Ok");
  expect(toggleTerm("verdict:Ok", "verdict", "Retried")).toBe("verdict:Retried");
  expect(toggleTerm("a verdict:Ok b", "verdict", "Ok")).toBe("a b");
});

test("quotes keep spaces together", () => expect(words('a "b c" d:"e f"')).toEqual(["a", "b c", "d:e f"]));

// SPDX-License-Identifier: Apache-2.0
import { edgeKey, requestsOf, type Group } from "../../src/web/ui/src/api";

const group = (extra: Partial<Group> = {}): Group => ({
  source: { namespace: "shop", name: "web" },
  destination: { namespace: "shop", name: "cart" },
  records: 1,
  rate: 1,
  errors: 0,
  ...extra,
});

test.each([
  ["source:shop/web destination:shop/cart", {}],
  ["source:shop/web destination:shop/cart method:GET path:=/cart", { method: "GET", route: "/cart" }],
  ["source:shop/web destination:shop/cart method:GET path:~/cart/[^/?]+", { method: "GET", route: "/cart/{id}" }],
  ["source:shop/web destination:gone.shop.svc.cluster.local", { method: "TCP", route: "", destination: { namespace: "shop", name: "gone", service: "gone.shop.svc.cluster.local" } }],
  ["destination:10.0.0.9", { source: { namespace: "", name: "" }, destination: { namespace: "", name: "10.0.0.9" } }],
  ["", { source: { namespace: "", name: "" }, destination: { namespace: "", name: "" } }],
])("its requests are those of %j", (line, extra) => expect(requestsOf(group(extra))).toBe(line));

test("the routes of an edge have its key, and the way back has another", () => {
  expect(edgeKey(group({ method: "GET", route: "/" }))).toBe(edgeKey(group()));
  expect(edgeKey(group({ source: group().destination, destination: group().source }))).not.toBe(edgeKey(group()));
});

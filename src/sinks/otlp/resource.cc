// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/resource.h"

#include "sinks/otlp/attribute_writer.h"

namespace traffictap::sinks {

void FillResource(const traffic::Node& node, opentelemetry::proto::resource::v1::Resource* out) {
  AttributeWriter attributes(out->mutable_attributes());
  attributes.Text("service.name", node.workload.empty() ? node.id : node.workload);
  attributes.Text("service.namespace", node.ns);
  attributes.Text("service.instance.id", node.ns + "." + node.pod);
  attributes.Text("service.version", traffic::VersionOf(node));
  attributes.Text("k8s.cluster.name", node.cluster_id);
  attributes.Text("k8s.namespace.name", node.ns);
  attributes.Text("k8s.pod.name", node.pod);
  attributes.Text("cloud.availability_zone", node.zone);
  attributes.Text("traffictap.service_account", node.service_account);
}

}  // namespace traffictap::sinks

// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitepress'

// TRAFFICTAP_DOCS_BASE: the path that the site is served under, such as /traffictap/.
export default defineConfig({
  title: 'TrafficTap',
  description: 'Both sides of every request in an Istio mesh, and which side is to blame.',
  lang: 'en',
  base: process.env.TRAFFICTAP_DOCS_BASE || '/',
  srcExclude: ['**/README.md'],
  lastUpdated: false,
  markdown: { theme: { light: 'github-light', dark: 'github-dark' } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Recipes', link: '/recipes/' },
      { text: 'Troubleshooting', link: '/troubleshooting' }
    ],
    sidebar: [
      {
        text: 'Use',
        items: [
          { text: 'Quick start', link: '/quick-start' },
          { text: 'Concepts', link: '/concepts' },
          { text: 'Web page', link: '/web-page' },
          { text: 'Troubleshooting', link: '/troubleshooting' }
        ]
      },
      {
        text: 'Recipes',
        items: [
          { text: 'All recipes', link: '/recipes/' },
          { text: 'Errors only', link: '/recipes/errors-only' },
          { text: 'Slow requests only', link: '/recipes/slow-only' },
          { text: 'One canary', link: '/recipes/canary' },
          { text: 'Flight recorder', link: '/recipes/flight-recorder' },
          { text: 'To Kafka', link: '/recipes/kafka' },
          { text: 'To OpenTelemetry', link: '/recipes/otlp' },
          { text: 'For weeks, with rotation', link: '/recipes/weeks-long' },
          { text: 'Read what was recorded', link: '/recipes/read' },
          { text: 'From k9s', link: '/recipes/k9s' },
          { text: 'GitOps', link: '/recipes/gitops' },
          { text: 'Without Kubernetes', link: '/recipes/standalone' }
        ]
      },
      {
        text: 'Operate',
        items: [
          { text: 'Install', link: '/install' },
          { text: 'Upgrade', link: '/upgrade' },
          { text: 'Uninstall', link: '/uninstall' },
          { text: 'Make a release', link: '/release' },
          { text: 'Monitoring', link: '/monitoring' },
          { text: 'Sizing', link: '/sizing' },
          { text: 'Scale out', link: '/scale-out' },
          { text: 'What can be lost', link: '/losses' },
          { text: 'Reliability', link: '/reliability' },
          { text: 'Threat model', link: '/threat-model' },
          { text: 'Performance', link: '/performance' }
        ]
      },
      {
        text: 'Reference',
        items: [
          { text: 'Custom resources', link: '/reference/crd' },
          { text: 'The record', link: '/reference/record' },
          { text: 'Live API', link: '/reference/live-api' },
          { text: 'Metrics', link: '/reference/metrics' },
          { text: 'kubectl traffictap', link: '/reference/cli' },
          { text: 'Values of the chart', link: '/reference/chart' },
          { text: 'traffictap-collector', link: '/reference/collector' },
          { text: 'traffictap-operator', link: '/reference/operator' }
        ]
      }
    ]
  }
})

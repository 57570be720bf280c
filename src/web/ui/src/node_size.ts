// SPDX-License-Identifier: Apache-2.0

// Of the map's nodes. Not in layout.ts: what draws them is there before the layout is loaded.
export const NODE_W = 176;
export const NODE_H = 40;

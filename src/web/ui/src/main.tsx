// SPDX-License-Identifier: Apache-2.0
import { render } from "preact";
import { App } from "./app";
import { listen } from "./keys";
import "./style.css";

listen();
render(<App />, document.getElementById("app")!);

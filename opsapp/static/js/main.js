// Makes the pages nicer. Nothing depends on it: every page works as plain forms and links.
import "./copy.js";
import "./dialog.js";
import "./find.js";
import "./forms.js";
import "./keys.js";
import "./live.js";
import "./menu.js";
import "./remember.js";
import "./rows.js";
import "./time.js";

// Shows the OpenAPI document in Swagger UI, in the colours of the page. Without this script the list of endpoints is there all the same.
"use strict";

const place = document.getElementById("swagger");
const dark = matchMedia("(prefers-color-scheme: dark)");

/* Swagger UI knows no light-dark() but a class; and the page may be set to one scheme, whatever the system prefers. */
function followScheme() {
    const root = document.documentElement;
    root.classList.remove("dark-mode"); // it sets the scheme by itself, and what is asked for here is the page's own
    const scheme = getComputedStyle(root).colorScheme;
    root.classList.toggle("dark-mode", scheme === "dark" || (scheme !== "light" && dark.matches));
}

/* Its lists of choices have no name for those who do not see the row they are in. */
function nameChoices() {
    for (const choice of place.querySelectorAll("tr[data-param-name] select:not([aria-label])")) {
        choice.setAttribute("aria-label", choice.closest("tr").dataset.paramName);
    }
}

followScheme();
dark.addEventListener("change", followScheme);
new MutationObserver(followScheme).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "style"] });
new MutationObserver(nameChoices).observe(place, { childList: true, subtree: true });

SwaggerUIBundle({
    domNode: place,
    url: place.dataset.url,
    deepLinking: false,
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    persistAuthorization: false,
    queryConfigEnabled: false,
    validatorUrl: null,
});

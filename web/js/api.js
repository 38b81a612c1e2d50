// The node's HTTP routes, and the token that they ask for.

const TOKEN = "roda-token";

/** The token of the link's fragment, else the one kept; the fragment is cleared. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    keepToken(given);
    history.replaceState(null, "", location.pathname);
  }
  return localStorage.getItem(TOKEN);
}

/** Keeps a token in the page's own storage: cookies are shared by every port of localhost. */
export function keepToken(token) {
  localStorage.setItem(TOKEN, token);
}

/** Calls a route; throws an Error with the node's words. */
export async function call(method, path, body) {
  const headers = {};
  const token = localStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json.error?.message ?? answer.statusText);
  return json;
}

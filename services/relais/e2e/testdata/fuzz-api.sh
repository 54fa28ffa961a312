#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs schemathesis over the OpenAPI document of a relay made for it: first with a
# partner's key, then with an admin's. Usage: fuzz-api.sh RELAIS SCHEMATHESIS [EXAMPLES]
set -euo pipefail
relais=$1 schemathesis=$2 examples=${3:-40}
dir=$(mktemp -d)
address=127.0.0.1:${RELAIS_FUZZ_PORT:-8479}
base=http://$address
export RELAIS_ADMIN_KEY=rk_fuzz-api-fuzz-api-fuzz-api-0123456789
"$relais" serve --listen "$address" --data "$dir/data" >"$dir/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
until curl -sf "$base/readyz" >/dev/null; do
	kill -0 "$server" || { cat "$dir/log"; exit 1; }
	read -rt .2 <> <(:) || true
done
call() { curl -sSf -o "$dir/answer" -X "$1" "$base$2" -H "Authorization: Bearer $RELAIS_ADMIN_KEY" -H 'Content-Type: application/json' -d "$3"; }
call PUT /v1/partners/fuzzed '{"name": "La Gazette", "defaultLanguage": "fr", "articleUrl": "https://gazette.example/{lang}/{id}"}'
call POST /v1/partners/fuzzed/keys '{"name": "fuzz"}'
key=$(sed 's/.*"key":"\([^"]*\)".*/\1/' "$dir/answer")
call PUT '/v1/articles/public/fr?wait=searchable' '{"headline": "Un titre", "bodyText": "Un texte.", "section": "Droit"}'
call POST /v1/links '{"article": "public", "partner": "fuzzed", "code": "public"}'
printf '[auth.openapi.publishable]\napi_key = "%s"\n' "$key" >"$dir/partner.toml"

# Not checked: that what the document does not name is refused (positive and negative
# data: parameters that are empty and members that are null are taken as absent, plain
# text is text whatever it looks like); 501 of oEmbed is documented, and no failure of
# ours; the stream of server-sent events does not end.
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,missing_required_header,unsupported_method,use_after_free,ignored_auth
run() {
	"$schemathesis" "$@" -c "$checks" --phases examples,coverage,fuzzing -n "$examples" --continue-on-failure --no-color \
		--suppress-health-check all --request-timeout 30 --exclude-path '/v1/articles/{id}/{lang}/status' --exclude-path /oembed
}
status=0
(cd "$dir" && run --config-file "$dir/partner.toml" run "$base/openapi.yaml" --include-path-regex \
	'^/(v1/(search|suggest|latest|related|feeds|content|changes|links|share|stats)|search|partners|widget|s/|S/|cards|stats|privacy|problems|editor)') || status=1
(cd "$dir" && run run "$base/openapi.yaml" -H "Authorization: Bearer $RELAIS_ADMIN_KEY") || status=1
kill -0 "$server" || { echo 'fuzz-api: the relay has ended'; tail -n 50 "$dir/log"; exit 1; }
! grep -a 'panic' "$dir/log" || status=1
exit "$status"

module openhouse.example/apps/developer-portal

go 1.26.0

require (
	codeberg.org/go-pdf/fpdf v0.12.0
	github.com/a-h/templ v0.3.977
	github.com/go-chi/chi/v5 v5.5.0
	github.com/go-fonts/dejavu v0.3.2
	github.com/google/go-cmp v0.7.0
	github.com/google/uuid v1.6.0
	github.com/jackc/pgx/v5 v5.12.0
	github.com/klippa-app/go-pdfium v1.20.0
	github.com/makiuchi-d/gozxing v0.1.1
	github.com/skip2/go-qrcode v0.0.0-20200617195104-da1b6568686e
	github.com/tetratelabs/wazero v1.12.0
	github.com/wneessen/go-mail v0.8.1
	go.uber.org/goleak v1.3.0
	golang.org/x/image v0.40.0
	golang.org/x/text v0.43.0
	openhouse.example/migrations v0.0.0
	openhouse.example/packages/config v0.0.0
	openhouse.example/packages/db v0.0.0
	openhouse.example/packages/knowledge v0.0.0
	openhouse.example/packages/markdown v0.0.0
	openhouse.example/packages/pgdev v0.0.0
	openhouse.example/packages/platform v0.0.0
	openhouse.example/packages/ui v0.0.0
	openhouse.example/packages/web v0.0.0
)

require github.com/blevesearch/snowballstem v0.9.0 // indirect

require (
	github.com/aymerick/douceur v0.2.0 // indirect
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6
	github.com/emersion/go-smtp v0.25.1
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
	github.com/gorilla/css v1.0.1 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/jolestar/go-commons-pool/v2 v2.1.2 // indirect
	github.com/kelseyhightower/envconfig v1.4.0 // indirect
	github.com/mfridman/interpolate v0.0.2 // indirect
	github.com/microcosm-cc/bluemonday v1.0.27 // indirect
	github.com/pressly/goose/v3 v3.29.0 // indirect
	github.com/sethvargo/go-retry v0.5.0 // indirect
	github.com/yuin/goldmark v1.8.7 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/xerrors v0.0.0-20200804184101-5ec99f83aff1 // indirect
)

replace (
	openhouse.example/migrations => ../../migrations
	openhouse.example/packages/config => ../../packages/config
	openhouse.example/packages/db => ../../packages/db
	openhouse.example/packages/knowledge => ../../packages/knowledge
	openhouse.example/packages/markdown => ../../packages/markdown
	openhouse.example/packages/pgdev => ../../packages/pgdev
	openhouse.example/packages/platform => ../../packages/platform
	openhouse.example/packages/ui => ../../packages/ui
	openhouse.example/packages/web => ../../packages/web
)

package browser

import (
	"path"
	"strings"
)

// furnishUndo makes imports that can be undone, that can't be any more, and one that was.
func (w *world) furnishUndo() {
	w.t.Helper()
	const file = "unit_number,address_line_1,house_type,bedrooms,purchaser_name,purchaser_email\n" +
		"1,1 Lantern Row,B,3,Ana Quirke,ana.quirke@example.org\n2,2 Lantern Row,B,3,,\n3,3 Lantern Row,C,4,,\n"
	commit := func(development, name, content string) string {
		address := w.importFile(development, name, []byte(content))
		w.staff.Form(w.staff.Get(address).Want(200), "/commit").Send().Want(200)
		return address
	}
	row := w.newDevelopment("Lantern Row")
	w.imports["undo-later"] = commit(row, "lantern-row.csv", file)
	w.imports["undo"] = commit(row, "lantern-row-v2.csv", strings.Replace(file, "Ana Quirke,", "Ana Quirke-Doyle,", 1)+"4,4 Lantern Row,D,5,,\n")

	quay := w.newDevelopment("Heron Quay")
	w.imports["undo-refused"] = commit(quay, "heron-quay, with the corrections of the sales office (final).csv", strings.ReplaceAll(file, "Lantern Row", "Heron Quay"))
	w.DB.Exec("update units set city = 'Ballyhale', updated_at = clock_timestamp() where address_line_1 in ('1 Heron Quay', '3 Heron Quay')")
	w.DB.Exec(`insert into unit_claims (tenant_id, id, development_id, unit_id, email, state)
		select tenant_id, gen_random_uuid(), development_id, id, 'stranger@example.org', 'pending' from units where address_line_1 = '2 Heron Quay'`)

	yard := w.newDevelopment("Cooper’s Yard")
	w.imports["undone"] = commit(yard, "coopers-yard.csv", strings.ReplaceAll(file, "Lantern Row", "Cooper’s Yard"))
	w.staff.Form(w.staff.Get(w.imports["undone"]+"/undo").Want(200), path.Base(w.imports["undone"])+"/undo").Send().Want(200)
}

func (w *world) undoScenes() []scene {
	in := w.staffCookies
	return []scene{
		{name: "import-undo", path: w.imports["undo"] + "/undo", cookies: in, says: "1 home that it changed is again as it was before"},
		{name: "import-undo-refused", path: w.imports["undo-refused"] + "/undo", cookies: in, says: "waits for your answer"},
		{name: "import-undo-later", path: w.imports["undo-later"] + "/undo", cookies: in, says: "See that import"},
		{name: "import-undone", path: w.imports["undone"], cookies: in, says: "This import was undone"},
		{name: "import-undone-viewer", path: w.imports["undone"], cookies: w.viewCookies, says: "This import was undone"},
	}
}

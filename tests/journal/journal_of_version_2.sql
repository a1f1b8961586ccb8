BEGIN TRANSACTION;
CREATE TABLE call (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	arrived FLOAT NOT NULL, 
	write BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE directory (
	account TEXT NOT NULL, 
	path TEXT NOT NULL, 
	fetched FLOAT NOT NULL, 
	entries TEXT NOT NULL, 
	PRIMARY KEY (account, path)
);
INSERT INTO "directory" VALUES('127.0.0.1/ops@example.com/734736702','resources',1.79568077037779283517e+09,'[{"id": 207374479, "names": ["Phone Booth"], "place": "Harbour House", "deleted": false}, {"id": 229804604, "names": ["Meeting Room 2"], "place": "Station Yard", "deleted": false}]');
INSERT INTO "directory" VALUES('127.0.0.1/ops@example.com/734736702','coworkers',1.79568077042051362987e+09,'[{"id": 102261353, "names": ["chloe.chen@example.com", "Chloé Chen"], "place": "Harbour House", "deleted": false}, {"id": 109883727, "names": ["hakon.oneill@example.com", "Håkon O''Neill"], "place": "Station Yard", "deleted": false}]');
CREATE TABLE hold (
	account TEXT NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (account)
);
CREATE TABLE intent (
	run INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	target INTEGER NOT NULL, 
	identity BLOB NOT NULL, 
	body TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	rounds INTEGER DEFAULT '0' NOT NULL, 
	sent_at FLOAT, 
	settled_at FLOAT, 
	remote_id BIGINT, 
	field TEXT, 
	message TEXT, 
	seal BLOB NOT NULL, 
	PRIMARY KEY (run, "row"), 
	CONSTRAINT known_state CHECK (state = 'planned' OR state IN ('planned', 'in doubt', 'created', 'existing', 'held', 'rejected', 'review', 'removing', 'removed'))
)
 WITHOUT ROWID

;
INSERT INTO "intent" VALUES(1,2,1,X'A1C953FE8ECF6E40DE2970F957FAE795','{"ResourceId":1001,"CoworkerId":2001,"Name":"Room 1","SubscriptionExpireDate":"2026-11-30T10:30:00Z","SubscriptionId":"7f105c7d-2dc5-4530-97cd-000000000001","CalendarId":"AAMk1="}','created',1,0,1.79568077092000532146e+09,1.79568077095999383929e+09,1118034082,NULL,'',X'F42C0E1F4F8D1B51591D723C48E9FEB7');
INSERT INTO "intent" VALUES(1,4,1,X'9518EF556B30252FEB90B82C2C567730','{"ResourceId":1003,"CoworkerId":2003,"Name":"Room 3","SubscriptionExpireDate":"2026-11-30T10:30:00Z","SubscriptionId":"7f105c7d-2dc5-4530-97cd-000000000003","CalendarId":"AAMk3="}','created',1,0,1.79568077092000532146e+09,1.79568077100731801989e+09,1118034107,NULL,'',X'E850FFA463F79AD86E73992BEC50A8C9');
CREATE TABLE issue (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	"row" INTEGER, 
	cell TEXT, 
	label TEXT, 
	field TEXT, 
	code TEXT, 
	value TEXT, 
	detail TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "issue" VALUES(1,1,NULL,NULL,'CoworkerId','CoworkerId','ids-not-listed','2001','coworker');
INSERT INTO "issue" VALUES(2,1,2,'A2','ResourceId','ResourceId','id-not-listed','1001','resource');
INSERT INTO "issue" VALUES(3,1,3,'A3','ResourceId','ResourceId','name-not-found','x','resource');
INSERT INTO "issue" VALUES(4,1,4,'A4','ResourceId','ResourceId','id-not-listed','1003','resource');
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema_version','2');
CREATE TABLE pick (
	account TEXT NOT NULL, 
	path TEXT NOT NULL, 
	name TEXT NOT NULL, 
	remote_id BIGINT NOT NULL, 
	PRIMARY KEY (account, path, name)
);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	target INTEGER, 
	kind TEXT NOT NULL, 
	url TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	user TEXT DEFAULT '' NOT NULL, 
	space TEXT DEFAULT '' NOT NULL, 
	file TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	copy TEXT NOT NULL, 
	options TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	parent INTEGER, 
	started FLOAT NOT NULL, 
	planned FLOAT, 
	stopped FLOAT, 
	finished FLOAT, 
	exit_code INTEGER, 
	stop BOOLEAN DEFAULT 0 NOT NULL, 
	rows INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(target) REFERENCES target (id)
);
INSERT INTO "run" VALUES(1,1,'CoworkerMsOfficeCalendar','http://127.0.0.1:33455','spaces/coworkermsoffecalendars','ops@example.com','Harbour House','calendars.csv','def5f4fa7b805d2d51a470df56e59fe6d3cda1fb0085d541d0eabfde8a560200','/folder/copy.csv','{"read": {"sheet": null, "encoding": null, "separator": null, "map": {}, "cells": {}, "repairs": {}, "dates": null, "zone": "UTC"}, "strict": false, "allow_duplicates": false, "even_if_existing": false, "max_rows": null, "max_duration": null, "picks": {}, "profile": "", "sandbox": true}','/folder/report',NULL,1.79568077022990059852e+09,1.79568077072828459744e+09,1.79568077103961157804e+09,1.79568077103961157804e+09,1,0,3);
CREATE TABLE target (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (account, kind)
);
INSERT INTO "target" VALUES(1,'127.0.0.1/ops@example.com/734736702','CoworkerMsOfficeCalendar');
CREATE UNIQUE INDEX one_row_an_id ON intent (target, remote_id) WHERE state IN ('created', 'removing');
CREATE UNIQUE INDEX one_claim ON intent (target, identity) WHERE state IN ('created', 'in doubt', 'removing', 'review');
CREATE INDEX issues_by_row ON issue (run, "row");
CREATE INDEX writes_by_time ON call (account, write, at);
CREATE INDEX calls_by_arrival ON call (account, arrived);
CREATE INDEX writes_by_arrival ON call (account, write, arrived);
COMMIT;

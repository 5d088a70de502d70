/* SPDX-License-Identifier: MIT */
/* Statements that keep memory through Qt, each in a line of its own. */
#include <QtCore>

#include "origins-count.h"

static QString text;
static QStringList words;
static QVector<int> numbers;
static QMap<int, QString> names;
static QHash<QString, QByteArray> table;
static QList<QVariant> variants;
static QByteArray bytes;
static QObject *object;
static QSharedPointer<QString> shared;
static QJsonDocument *document;
static QSet<int> set;

int main(int argc, char **)
{
	int n = 300 + argc;

	KEEP(for (int i = 0; i < n; i++) text += QString::number(i) + QLatin1Char(' '));
	KEEP(words = text.split(QLatin1Char(' ')));
	KEEP(for (int i = 0; i < n; i++) numbers.append(i));
	KEEP(for (int i = 0; i < n; i++) names.insert(i, QString::number(i)));
	KEEP(for (int i = 0; i < n; i++) table[QString::number(i)] = QByteArray(20, 'x'));
	KEEP(for (int i = 0; i < n; i++) variants.append(QVariant(QString::number(i))));
	KEEP(bytes = text.toUtf8().toHex());
	KEEP(object = new QObject; for (int i = 0; i < n; i++) new QObject(object));
	KEEP(shared = QSharedPointer<QString>::create(text + text));
	KEEP(for (int i = 0; i < n; i++) set.insert(i));
	print_account();
	fflush(stdout);
	quick_exit(0);
}

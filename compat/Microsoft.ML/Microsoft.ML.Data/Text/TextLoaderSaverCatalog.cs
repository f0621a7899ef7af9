using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Data views of text files.</summary>
public static class TextLoaderSaverCatalog
{
    /// <summary>Lines of fields; the columns as given.</summary>
    public static IDataView LoadFromTextFile(
        this DataOperationsCatalog catalog,
        string path,
        TextLoader.Column[] columns,
        char separatorChar = '\t',
        bool hasHeader = false,
        bool allowQuoting = false,
        bool trimWhitespace = false,
        bool allowSparse = false)
    {
        catalog.GetEnvironment().CheckValue(columns, nameof(columns));
        return Load(catalog, path, new TextFormat(separatorChar, hasHeader, allowQuoting), allowSparse, [.. columns.Select(TextField.Of)]);
    }

    /// <summary>Lines of fields; the columns as the members with <see cref="LoadColumnAttribute"/> say.</summary>
    public static IDataView LoadFromTextFile<TInput>(
        this DataOperationsCatalog catalog,
        string path,
        char separatorChar = '\t',
        bool hasHeader = false,
        bool allowQuoting = false,
        bool trimWhitespace = false,
        bool allowSparse = false)
    {
        TextField[] fields =
        [
            .. from column in TypedColumn.Bind(typeof(TInput), null, SchemaDefinition.Direction.Both)
               let source = column.Member.GetCustomAttribute<LoadColumnAttribute>()
               where source is not null
               select TextField.Of(column, source),
        ];
        return Load(catalog, path, new TextFormat(separatorChar, hasHeader, allowQuoting), allowSparse, fields);
    }

    private static TextDataView Load(DataOperationsCatalog catalog, string path, TextFormat format, bool allowSparse, TextField[] fields)
    {
        IHostEnvironment env = catalog.GetEnvironment();
        env.CheckNonEmpty(path, nameof(path));
        if (allowSparse)
            throw new NotSupportedException("Sparse lines are not supported by this stand-in.");
        env.CheckParam(File.Exists(path), nameof(path), $"File or directory does not exist at path: {path}");
        return new TextDataView(path, format, fields);
    }
}

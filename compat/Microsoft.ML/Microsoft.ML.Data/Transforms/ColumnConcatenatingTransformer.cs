using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(
    typeof(ColumnConcatenatingTransformer),
    typeof(ColumnConcatenatingTransformer),
    null,
    typeof(SignatureLoadModel),
    "Concatenate columns",
    ColumnConcatenatingTransformer.Signature)]

namespace Microsoft.ML.Data;

/// <summary>One vector of several columns of one type.</summary>
public sealed class ColumnConcatenatingTransformer : RowToRowTransformerBase
{
    internal const string Signature = "ConcatTransform";

    private readonly string _output;
    private readonly string[] _inputs;

    internal ColumnConcatenatingTransformer(IHostEnvironment env, string output, string[] inputs)
        : base(env.Register(nameof(ColumnConcatenatingTransformer)))
    {
        _output = output;
        _inputs = inputs;
    }

    internal static ColumnConcatenatingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(SavedAs.Version("CONCATCL", Signature));
        string output = ctx.Reader.ReadString();
        return new ColumnConcatenatingTransformer(env, output, ArrayFormat.Read(ctx.Reader, _ => ctx.Reader.ReadString()));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(SavedAs.Version("CONCATCL", Signature));
        ctx.Writer.Write(_output);
        ctx.Writer.Write(_inputs.Length);
        foreach (string input in _inputs)
            ctx.Writer.Write(input);
    }

    private protected override IEnumerable<OutputColumn> AddedColumns(DataViewSchema input)
    {
        DataViewSchema.Column[] columns = [.. _inputs.Select(name => input.GetColumnOrNull(name) ?? throw Host.ExceptSchemaMismatch("inputSchema", "input", name))];
        DataViewType itemType = ColumnTypes.ItemOf(columns[0].Type);
        foreach (DataViewSchema.Column c in columns)
        {
            if (!ColumnTypes.ItemOf(c.Type).Equals(itemType) || itemType is not PrimitiveDataViewType)
                throw Host.ExceptSchemaMismatch("inputSchema", "input", c.Name, itemType.ToString(), c.Type.ToString());
        }

        int[] sizes = [.. columns.Select(c => c.Type is VectorDataViewType vector ? vector.Size : 1)];
        int size = sizes.Contains(0) ? 0 : sizes.Sum();
        var annotations = new DataViewSchema.Annotations.Builder();
        if (size > 0 && columns.Any(c => c.Type is not VectorDataViewType || c.HasSlotNames()))
        {
            ReadOnlyMemory<char>[] names = [.. columns.SelectMany(SlotNames)];
            ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter = (ref VBuffer<ReadOnlyMemory<char>> value) => VBuffer<ReadOnlyMemory<char>>.Copy(names, 0, ref value, size);
            annotations.Add(AnnotationUtils.Kinds.SlotNames, new VectorDataViewType(TextDataViewType.Instance, size), getter);
        }

        // A single vector stays what it is.
        if (columns is [{ Type: VectorDataViewType } only])
            return [new OutputColumn(new DataViewSchema.DetachedColumn(_output, only.Type, only.Annotations), [only.Index], row => Getters.Of(row, only))];
        return
        [
            new OutputColumn(
                new DataViewSchema.DetachedColumn(_output, new VectorDataViewType((PrimitiveDataViewType)itemType, size), annotations.ToAnnotations()),
                [.. columns.Select(c => c.Index)],
                row => (Delegate)Getters.Generic(typeof(ColumnConcatenatingTransformer), nameof(Concatenated), [itemType.RawType], row, columns)),
        ];
    }

    private static ReadOnlyMemory<char>[] SlotNames(DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType vector)
            return [column.Name.AsMemory()];
        if (!column.HasSlotNames())
            return new ReadOnlyMemory<char>[vector.Size];
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(n => n.IsEmpty ? n : $"{column.Name}.{n}".AsMemory())];
    }

    private static ValueGetter<VBuffer<T>> Concatenated<T>(DataViewRow row, DataViewSchema.Column[] columns)
    {
        Action<List<T>>[] appenders = [.. columns.Select(c => c.Type is VectorDataViewType ? Vector<T>(row, c) : Scalar<T>(row, c))];
        var items = new List<T>();
        return (ref VBuffer<T> value) =>
        {
            items.Clear();
            foreach (Action<List<T>> append in appenders)
                append(items);
            VBufferEditor<T> editor = VBufferEditor.Create(ref value, items.Count);
            items.CopyTo(editor.Values);
            value = editor.Commit();
        };
    }

    private static Action<List<T>> Scalar<T>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        return items =>
        {
            T value = default;
            getter(ref value);
            items.Add(value);
        };
    }

    private static Action<List<T>> Vector<T>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> buffer = default;
        return items =>
        {
            getter(ref buffer);
            items.AddRange(buffer.DenseValues());
        };
    }
}

using System.Linq.Expressions;
using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>Copies a column's value into a member of an object.</summary>
internal static class MemberSetters
{
    public static Action<TRow> Create<TRow>(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        Type memberType = UserMembers.TypeOf(member);
        ParameterExpression target = Expression.Parameter(typeof(TRow));
        ParameterExpression value = Expression.Parameter(memberType);
        MemberExpression access = Expression.MakeMemberAccess(target, member);
        Delegate write = Expression.Lambda(typeof(Action<,>).MakeGenericType(typeof(TRow), memberType), Expression.Assign(access, value), target, value).Compile();
        if (memberType == typeof(string))
            return Text(row.GetGetter<ReadOnlyMemory<char>>(column), (Action<TRow, string>)write);
        if (memberType == typeof(string[]))
            return Texts(row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column), (Action<TRow, string[]>)write);
        Type item = UserMembers.ItemTypeOf(memberType, out bool isVector);
        if (memberType.IsArray)
        {
            Delegate read = Expression.Lambda(access, target).Compile();
            return (Action<TRow>)Getters.Generic(typeof(MemberSetters), nameof(Array), [typeof(TRow), item], row, column, read, write);
        }

        return (Action<TRow>)Getters.Generic(typeof(MemberSetters), isVector ? nameof(Buffer) : nameof(Value), [typeof(TRow), item], row, column, write);
    }

    private static Action<TRow> Text<TRow>(ValueGetter<ReadOnlyMemory<char>> getter, Action<TRow, string> write)
    {
        ReadOnlyMemory<char> text = default;
        return target =>
        {
            getter(ref text);
            write(target, text.ToString());
        };
    }

    private static Action<TRow> Texts<TRow>(ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter, Action<TRow, string[]> write)
    {
        VBuffer<ReadOnlyMemory<char>> texts = default;
        return target =>
        {
            getter(ref texts);
            write(target, [.. texts.DenseValues().Select(t => t.ToString())]);
        };
    }

    // An array of the right size is filled again; none will do for no items.
    private static Action<TRow> Array<TRow, T>(DataViewRow row, DataViewSchema.Column column, Func<TRow, T[]> read, Action<TRow, T[]> write)
    {
        ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> buffer = default;
        return target =>
        {
            getter(ref buffer);
            T[] items = read(target);
            if ((items?.Length ?? 0) != buffer.Length)
                write(target, items = new T[buffer.Length]);
            buffer.CopyTo(items);
        };
    }

    private static Action<TRow> Buffer<TRow, T>(DataViewRow row, DataViewSchema.Column column, Action<TRow, VBuffer<T>> write)
    {
        ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(column);
        return target =>
        {
            VBuffer<T> buffer = default;
            getter(ref buffer);
            write(target, buffer);
        };
    }

    private static Action<TRow> Value<TRow, T>(DataViewRow row, DataViewSchema.Column column, Action<TRow, T> write)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        return target =>
        {
            T value = default;
            getter(ref value);
            write(target, value);
        };
    }
}

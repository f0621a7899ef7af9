using System.Linq.Expressions;
using System.Numerics;
using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>Getters of columns over values of users' types: strings are text, arrays are vectors, keys count from 0.</summary>
internal static class MemberGetters
{
    /// <summary>A getter of the member of whatever object <paramref name="current"/> gives.</summary>
    public static Delegate OfMember<TRow>(MemberInfo member, DataViewType type, Func<TRow> current)
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        Delegate read = Expression.Lambda(Expression.MakeMemberAccess(row, member), row).Compile();
        Type memberType = UserMembers.TypeOf(member);
        return (Delegate)Getters.Generic(typeof(MemberGetters), nameof(OfMemberTyped), [typeof(TRow), memberType], read, type, current);
    }

    /// <summary>A getter of the type's raw values over a source of a user's values.</summary>
    public static Delegate Create(Type valueType, DataViewType type, Delegate source)
    {
        if (type is KeyDataViewType key)
            return (Delegate)Getters.Generic(typeof(MemberGetters), nameof(OfKey), [valueType], source, key.Count);
        if (valueType == typeof(string))
            return OfText((Func<string>)source);
        if (valueType == typeof(string[]))
            return OfTexts((Func<string[]>)source);
        Type item = UserMembers.ItemTypeOf(valueType, out bool isVector);
        string method = valueType.IsArray ? nameof(OfArray) : isVector ? nameof(OfBuffer) : nameof(OfValue);
        return (Delegate)Getters.Generic(typeof(MemberGetters), method, [item], source);
    }

    private static Delegate OfMemberTyped<TRow, TMember>(Func<TRow, TMember> read, DataViewType type, Func<TRow> current)
    {
        Func<TMember> source = () => read(current());
        return Create(typeof(TMember), type, source);
    }

    private static ValueGetter<ReadOnlyMemory<char>> OfText(Func<string> source)
        => (ref ReadOnlyMemory<char> value) => value = source().AsMemory();

    private static ValueGetter<VBuffer<ReadOnlyMemory<char>>> OfTexts(Func<string[]> source)
        => (ref VBuffer<ReadOnlyMemory<char>> value) =>
        {
            string[] texts = source() ?? [];
            VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref value, texts.Length);
            for (int i = 0; i < texts.Length; i++)
                editor.Values[i] = texts[i].AsMemory();
            value = editor.Commit();
        };

    private static ValueGetter<VBuffer<T>> OfArray<T>(Func<T[]> source)
        => (ref VBuffer<T> value) =>
        {
            T[] items = source() ?? [];
            VBuffer<T>.Copy(items, 0, ref value, items.Length);
        };

    private static ValueGetter<VBuffer<T>> OfBuffer<T>(Func<VBuffer<T>> source) => (ref VBuffer<T> value) => source().CopyTo(ref value);

    // Users count keys from 0; what is out of range is missing.
    private static ValueGetter<T> OfKey<T>(Func<T> source, ulong count)
        where T : IBinaryInteger<T>
        => (ref T value) => value = ulong.CreateTruncating(source()) is var key && key < count ? T.CreateTruncating(key + 1) : T.Zero;

    private static ValueGetter<T> OfValue<T>(Func<T> source) => (ref T value) => value = source();
}
